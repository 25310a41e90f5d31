//! Inventories: bytes in, host facts with provenance out. One file per format.
