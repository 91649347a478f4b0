"""Documents become pretraining batches.

Enters: files of plain text, JSONL or WikiExtractor's documents, packed or not. `prepare` leaves
tokenized shards on disk; at training time, `PretrainingBatches` leaves a `tf.data.Dataset` of
masked segment pairs with their order labels, and `cooccurrence_vectors` a vector for each word.
Next: `tf_albert.training` trains on the batches.
"""
