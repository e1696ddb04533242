"""The words that every layer shares. See ``docs/glossary.md``; nothing here computes a judgement."""
