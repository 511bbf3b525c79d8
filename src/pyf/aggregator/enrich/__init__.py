"""Facts from elsewhere, brought to the documents of a collection.

``partial`` is the one way in which they are written; a module for each source says what they are.
"""
