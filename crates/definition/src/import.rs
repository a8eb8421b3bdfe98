//! Reads the national catalogue from its official source.
