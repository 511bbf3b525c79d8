"""Pictures for other pages: badges, charts to embed, pictures that links are shown with."""
