"""What every other room uses: tags, exceptions, arrays, text tables. It knows no data set."""
