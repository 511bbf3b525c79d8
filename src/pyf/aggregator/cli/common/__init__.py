"""What several commands share: options, output, progress, prompts, signals."""
