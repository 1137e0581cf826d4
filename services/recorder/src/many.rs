//! Many statements of one caller, on their way together.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use ledger_core::limits::MAX_BATCH_ENTRIES;
use rayon::prelude::*;
use tokio::sync::oneshot;

use crate::Submission;
use crate::recorder::{Answer, Failure, Recorder};

/// Statements made at a time, on all cores: enough to share the work, few enough that the first is on its way soon.
const TOGETHER: usize = 512;

/// Statements handed in and not yet answered, at most: a full batch on the disk and one behind it.
const IN_FLIGHT: usize = 2 * MAX_BATCH_ENTRIES;

impl Recorder {
    /// Makes submissions from items, on all cores, and hands them in, in the order of the items and many at a time.
    /// Tells each answer in that order too. When `tell` breaks off, nothing more is handed in; the answers to what
    /// was on its way are still told.
    ///
    /// Because the order is kept, what is recorded when the process dies is a beginning of what was handed in.
    pub fn submit_many<T: Send>(
        &self,
        items: impl IntoIterator<Item = T>,
        make: impl Fn(T) -> Submission + Sync,
        mut tell: impl FnMut(Answer) -> ControlFlow<()>,
    ) {
        let mut items = items.into_iter();
        let mut waiting: VecDeque<oneshot::Receiver<Answer>> = VecDeque::new();
        let mut flow = ControlFlow::Continue(());
        while flow.is_continue() {
            let chunk: Vec<T> = items.by_ref().take(TOGETHER).collect();
            if chunk.is_empty() {
                break;
            }
            let made: Vec<Submission> = chunk.into_par_iter().with_min_len(16).map(&make).collect();
            for submission in made {
                waiting.push_back(self.hand_in_blocking(submission));
            }
            while flow.is_continue() && waiting.len() > IN_FLIGHT {
                flow = waiting.pop_front().map_or(flow, |answer| tell(wait(answer)));
            }
        }
        for answer in waiting {
            let _ = tell(wait(answer));
        }
    }
}

fn wait(answer: oneshot::Receiver<Answer>) -> Answer {
    let stopped = || Err(Failure::Unavailable("the recorder has stopped".to_owned()));
    answer.blocking_recv().unwrap_or_else(|_| stopped())
}
