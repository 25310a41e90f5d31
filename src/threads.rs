//! What may be done beside each other, on machines that can. Results never depend on it.

use std::{num::NonZero, panic, sync::Mutex, thread};

/// How many threads run at once here.
pub(crate) fn at_once() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Does both, beside each other where that is possible.
pub(crate) fn both<A: Send, B>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B) -> (A, B) {
    if at_once() < 2 {
        return (a(), b());
    }
    // where no thread is to be had, it is still there
    let a = Mutex::new(Some(a));
    let run = || a.lock().ok().and_then(|mut a| a.take()).map(|a| a());
    thread::scope(|scope| {
        let beside = thread::Builder::new().spawn_scoped(scope, run).ok();
        let b = b();
        let a = match beside.map(thread::ScopedJoinHandle::join) {
            Some(Ok(a)) => a,
            // a panic goes on as if nothing had been done beside
            Some(Err(panicked)) => panic::resume_unwind(panicked),
            None => run(),
        };
        match a {
            Some(a) => (a, b),
            None => unreachable!("it is taken once"),
        }
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_are_done() {
        let text = "ab".to_owned();
        assert_eq!(super::both(|| text.len(), || text.to_uppercase()), (2, "AB".to_owned()));
    }
}
