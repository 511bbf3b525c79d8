"""What maintainers are told of downloads: collected, written down, sent.

``collecting`` gets a package's figures from the store or the API, ``report`` the figures of a
period, ``alerts`` says what is worth a word, ``markdown`` and ``page`` write it down, ``sending``
brings it to mailboxes and webhooks.
"""
