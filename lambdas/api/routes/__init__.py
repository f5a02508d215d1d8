"""Route handlers by resource, one router each; a router's tag groups its routes in the API reference."""
