"""The subcommands of `terasu`, one a file: each adds its parser and runs."""
