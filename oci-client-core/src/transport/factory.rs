use std::sync::Arc;

use url::Origin;

use super::Transport;
use crate::Error;
use crate::hosts::TransportSettings;

/// Makes transports for origins that are reached by settings of their own.
///
/// A transport that comes from here is only given requests to `origin`: redirects elsewhere, and token realms on other hosts, go through the transports of those hosts. So a
/// client certificate is shown to nobody else.
pub trait TransportFactory: Send + Sync {
    /// A transport to `origin` with all of `settings`.
    ///
    /// # Errors
    /// If a setting is malformed, or cannot be honoured. Nothing is left out.
    fn transport(&self, origin: &Origin, settings: &TransportSettings) -> Result<Arc<dyn Transport>, Error>;
}
