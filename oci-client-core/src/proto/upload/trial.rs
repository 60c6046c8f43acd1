use std::sync::{Arc, Weak};

use crate::proto::host::{Calls, Ticket};

/// Who is finding something out that the others then know too.
#[derive(Debug, Default)]
pub(crate) struct Trial {
    running: Option<(Weak<()>, Ticket)>,
}

/// The part of whoever finds it out, as long as it lives.
#[derive(Debug)]
pub(crate) struct Lead {
    _alive: Arc<()>,
}

impl Trial {
    /// The lead, or a ticket that is called when the one who has it is done or gone.
    pub(super) fn join(&mut self, calls: &mut Calls) -> Result<Lead, Ticket> {
        self.sweep(calls);
        match &self.running {
            Some((_, ticket)) => Err(*ticket),
            None => {
                let alive = Arc::new(());
                self.running = Some((Arc::downgrade(&alive), calls.ticket()));
                Ok(Lead { _alive: alive })
            }
        }
    }

    /// Calls those who wait for someone who is done, or was dropped.
    pub(crate) fn sweep(&mut self, calls: &mut Calls) {
        if let Some((_, ticket)) = self.running.take_if(|(lead, _)| lead.strong_count() == 0) {
            calls.call(ticket);
        }
    }
}
