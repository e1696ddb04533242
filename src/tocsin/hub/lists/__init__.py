"""What all lists share: pages by keyset, sorting, filters, and cells that no spreadsheet runs."""
