"""Style codes, packages and the library that holds them."""
