//! Cells under way at once, over all matrices of a run of the tests: most of their time is spent in
//! waiting before another try.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

/// So many that the processors are busy, so few that their memory suffices.
const AT_ONCE: usize = 96;

static FREE: Mutex<usize> = Mutex::new(AT_ONCE);
static FREED: Condvar = Condvar::new();

/// A place among the cells under way; it is free again when this is dropped.
struct Place;

impl Place {
    fn take() -> Self {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        let free = FREED.wait_while(free, |free| *free == 0);
        *free.unwrap_or_else(PoisonError::into_inner) -= 1;
        Self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *FREE.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        FREED.notify_one();
    }
}

/// Does something for every item, many at once, and returns what failed.
pub(super) fn for_each<T: Sync>(
    items: &[T],
    act: impl Fn(&T) -> anyhow::Result<()> + Sync,
) -> Vec<String> {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            let place = Place::take();
            let done = act(item);
            drop(place);
            if let Err(error) = done
                && let Ok(mut failures) = failures.lock()
            {
                failures.push(format!("{error:#}"));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(items.len()) {
            scope.spawn(work);
        }
    });
    failures.into_inner().unwrap_or_default()
}
