//! From a host as it is to all goals installed: requirements as an AND-OR graph, the cheapest way through it, replayed by
//! the resolver itself; what-if and the smallest change on top of it.

pub mod order;
pub mod simulate;
pub mod what_if;
