//! Large files in pieces: cut where one thing ends and the next begins, worked on beside each other, taken in their order. What
//! comes out does not depend on how many threads there are.

use super::gather::clean;
use crate::threads::at_once;
use std::{
    io::{ErrorKind, Read},
    sync::{Arc, Mutex, mpsc},
    thread,
};

/// More threads would wait for what takes the pieces.
const THREADS: usize = 4;

/// How a file is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// threads that work; with one, nothing is done beside anything
    pub(super) threads: usize,
    /// bytes of a piece
    pub(super) piece: usize,
}

impl Manner {
    /// As suits this machine, and pieces of this size.
    pub(super) fn of(piece: usize) -> Self {
        Self { threads: at_once().min(THREADS), piece }
    }
}

/// Why pieces were not all taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stopped<E> {
    /// by what takes them
    By(E),
    /// a thread broke off: a bug
    Broken,
}

/// Fills pieces with `produce` until it says no, lets `work` change each, beside each other, and gives them to `take` in the order
/// in which they were filled. Pieces are used again.
pub(super) fn in_order<P: Default + Send, E: Send>(
    threads: usize,
    mut produce: impl FnMut(&mut P) -> bool,
    work: impl Fn(&mut P) + Sync,
    take: impl FnMut(&mut P) -> Result<(), E> + Send,
) -> Result<(), Stopped<E>> {
    let take = Mutex::new(take);
    if threads > 1
        && let Some(outcome) = abreast(threads, &mut produce, &work, &take)
    {
        return outcome;
    }
    // one processor, or no thread to be had
    let mut take = take.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut piece = P::default();
    while produce(&mut piece) {
        work(&mut piece);
        take(&mut piece).map_err(Stopped::By)?;
    }
    Ok(())
}

/// The same with threads; none if there are none to be had, and then nothing is done.
fn abreast<P: Default + Send, E: Send>(
    threads: usize,
    produce: &mut impl FnMut(&mut P) -> bool,
    work: &(impl Fn(&mut P) + Sync),
    take: &Mutex<impl FnMut(&mut P) -> Result<(), E> + Send>,
) -> Option<Result<(), Stopped<E>>> {
    thread::scope(|scope| {
        let (jobs, waiting) = mpsc::channel::<(P, mpsc::SyncSender<P>)>();
        // bounds what is under way
        let (order, next) = mpsc::sync_channel::<mpsc::Receiver<P>>(2 * threads);
        let (give_back, spare) = mpsc::channel::<P>();
        // whoever works last drops it, and with it what still waits
        let waiting = Arc::new(Mutex::new(waiting));
        let mut workers = Vec::new();
        for _ in 0..threads {
            let waiting = Arc::clone(&waiting);
            let worker = move || {
                while let Ok((mut piece, done)) = waiting.lock().map_or(Err(mpsc::RecvError), |w| w.recv()) {
                    work(&mut piece);
                    let _ = done.send(piece);
                }
            };
            workers.extend(thread::Builder::new().spawn_scoped(scope, worker));
        }
        drop(waiting);
        let taker = thread::Builder::new().spawn_scoped(scope, move || {
            let Ok(mut take) = take.lock() else { return Err(Stopped::Broken) };
            for done in next {
                let mut piece = done.recv().map_err(|_| Stopped::Broken)?;
                take(&mut piece).map_err(Stopped::By)?;
                let _ = give_back.send(piece);
            }
            Ok(())
        });
        let taker = taker.ok().filter(|_| !workers.is_empty())?;
        loop {
            let mut piece = spare.try_recv().unwrap_or_default();
            let (done, result) = mpsc::sync_channel(1);
            if !produce(&mut piece) || order.send(result).is_err() || jobs.send((piece, done)).is_err() {
                break;
            }
        }
        drop((jobs, order));
        let outcome = taker.join().unwrap_or(Err(Stopped::Broken));
        // whoever broke off was told by what was not done
        workers.into_iter().for_each(|w| _ = w.join());
        Some(outcome)
    })
}

/// Cuts what a reader gives into pieces.
pub(super) struct Pieces<R> {
    reader: R,
    size: usize,
    /// more bytes are an attack
    bound: u64,
    /// what was read and stands behind the last cut
    rest: Vec<u8>,
    total: u64,
    ended: bool,
    /// what stopped it, and at which byte
    pub(super) damage: Option<(u64, String)>,
}

impl<R: Read> Pieces<R> {
    pub(super) fn new(reader: R, size: usize, bound: u64) -> Self {
        Self { reader, size: size.max(1), bound, rest: Vec::new(), total: 0, ended: false, damage: None }
    }

    /// The next piece; false if there is none. `cut` finds where the last whole thing ends; a piece in which it finds none ends
    /// anywhere, and so does the last.
    pub(super) fn next(&mut self, piece: &mut Vec<u8>, cut: impl FnOnce(&[u8]) -> Option<usize>) -> bool {
        if self.ended {
            return false;
        }
        let mut filled = self.rest.len();
        // a piece that comes back has its bytes still: they need not be zeroed
        piece.resize(self.size.max(filled + self.size.div_ceil(2)), 0);
        piece[..filled].copy_from_slice(&self.rest);
        self.rest.clear();
        while filled < piece.len() {
            match self.reader.read(&mut piece[filled..]) {
                Ok(0) => self.ended = true,
                Ok(n) => {
                    filled += n;
                    self.total += n as u64;
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    self.damage = Some((self.total, clean(&e.to_string())));
                    self.ended = true;
                }
            }
            if self.total > self.bound && self.damage.is_none() {
                let problem = format!("more than {} bytes: no real file is that large", self.bound);
                self.damage = Some((self.total, problem));
                self.ended = true;
            }
            if self.ended {
                piece.truncate(filled);
                return filled > 0;
            }
        }
        if let Some(at) = cut(piece).filter(|at| (1..filled).contains(at)) {
            self.rest.extend_from_slice(&piece[at..]);
            piece.truncate(at);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squares(threads: usize, stop: u32) -> Result<Vec<u32>, Stopped<u32>> {
        let (mut n, mut taken) = (0, Vec::new());
        in_order(
            threads,
            |p: &mut u32| {
                *p = n;
                n += 1;
                n <= 1000
            },
            |p| *p *= *p,
            |p| {
                taken.push(*p);
                if *p == stop { Err(*p) } else { Ok(()) }
            },
        )
        .map(|()| taken)
    }

    #[test]
    fn pieces_are_taken_in_their_order_however_many_work() {
        for threads in 1..6 {
            let all: Vec<u32> = (0..1000).map(|n| n * n).collect();
            assert_eq!(squares(threads, 3), Ok(all));
            assert_eq!(squares(threads, 400), Err(Stopped::By(400)));
        }
    }

    #[test]
    fn a_thread_that_breaks_off_is_told() {
        let mut n = 0;
        let produce = |p: &mut u32| {
            (*p, n) = (n, n + 1);
            true
        };
        let work = |p: &mut u32| assert!(*p < 50, "meant");
        assert_eq!(in_order(2, produce, work, |_| Ok::<(), ()>(())), Err(Stopped::Broken));
    }

    #[test]
    fn pieces_end_at_cuts_and_nothing_gets_lost() {
        let text: Vec<u8> =
            (0..4000u32).flat_map(|n| format!("{n}\n{}", "x".repeat(n as usize % 90)).into_bytes()).collect();
        for size in [1, 2, 7, 64, 1000, 1 << 20] {
            let mut pieces = Pieces::new(&text[..], size, u64::MAX);
            let (mut piece, mut all) = (Vec::new(), Vec::new());
            while pieces.next(&mut piece, |p| memchr::memrchr(b'\n', p)) {
                assert!(!piece.is_empty());
                all.extend_from_slice(&piece);
            }
            assert_eq!(all, text);
            assert_eq!(pieces.damage, None);
        }
        let mut pieces = Pieces::new(&text[..], 100, 250);
        let mut piece = Vec::new();
        while pieces.next(&mut piece, |_| None) {}
        assert!(pieces.damage.is_some_and(|(at, problem)| at <= 350 && problem.contains("250 bytes")));
    }
}
