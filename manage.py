#!/usr/bin/env python
"""The same as the `shopfolio` command, where people expect it."""

from shopfolio.__main__ import main

if __name__ == "__main__":
    main()
