from tf_albert.cli import demo_corpus
from tf_albert.cli.demo import beats_majority


def test_code_and_grammar_are_no_sentences():
    text = "First one here. Second\none there.\n\n   >>> open(x)\n\nstmt ::= expr\n\nToo short."
    assert demo_corpus.sentences_of(text) == ["First one here.", "Second one there."]


def test_a_module_is_held_out_as_a_whole():
    docs = [demo_corpus.Docstring("email.mime.text", [str(number)]) for number in range(9)]
    assert len({doc.is_held_out for doc in docs}) == 1


def test_labelled_packages_stand_on_both_sides_and_are_large():
    modules = [f"large.part{number}" for number in range(40)]
    docs = [demo_corpus.Docstring(module, ["text"]) for module in modules * 2]
    docs += [demo_corpus.Docstring(f"small.part{number}", ["text"]) for number in range(40)]
    docs += [demo_corpus.Docstring("alone", ["text"])] * 80
    assert {doc.package for doc in demo_corpus.labelled(docs)} == {"large"}


def test_three_standard_errors_are_needed():
    # The error of 0.5 in 900 is 1/60, so three of them are 0.05.
    barely = {"accuracy": 0.5, "majority": 0.449, "num_examples": 900}
    assert beats_majority(barely)
    assert not beats_majority(barely | {"majority": 0.451})
