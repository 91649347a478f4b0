"""The places of words in plain Python, a letter after another: what the graph is held against."""


def places_of_words(tokenizer, words, sequence_length):
    """Returns where in its row each word of a sentence begins: a list of int, 0 for nowhere."""
    encoding = tokenizer.encode(" ".join(words))
    first_token = {}
    for number, (begin, end) in enumerate(encoding.offsets[: sequence_length - 2]):
        for letter in range(begin, end):
            first_token.setdefault(letter, number + 1)
    places, start = [], 0
    for word in words:
        letters = range(start, start + len(word))
        places.append(next((first_token[one] for one in letters if one in first_token), 0))
        start += len(word) + 1
    return places
