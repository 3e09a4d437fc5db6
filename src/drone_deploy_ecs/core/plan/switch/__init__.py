"""Blue/green over two services: the idle one gets the new revision and takes over, then the live one gives way."""
