"""What requests and answers hold. The envelope is in camelCase, as clients know it; an Analysis is the contract's."""
