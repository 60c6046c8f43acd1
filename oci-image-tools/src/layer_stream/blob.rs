use std::io::{self, BufRead, Read};
use std::pin::pin;

use bytes::{Buf, Bytes};
use futures_channel::mpsc;
use futures_util::future::{self, Either};
use futures_util::{SinkExt, StreamExt};
use oci_client_core::client::{Chunks, Content};
use oci_client_core::proto::Span;
use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::store::Source;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::Descriptor;

/// Runs `work`, which may block, on the content of a blob. A few pieces at most are in memory.
///
/// # Cancellation
/// Once the future is dropped, `work` finds that its content breaks off.
pub(crate) async fn with_blob<T, F>(
    source: &dyn Source,
    runtime: &dyn Runtime,
    descriptor: &Descriptor,
    work: F,
) -> Result<T, Error>
where
    F: FnOnce(BlobStream) -> Result<T, Error> + Send + 'static,
    T: Send + 'static,
{
    with_content(&*source.blob(descriptor).await?, descriptor.size, runtime, work).await
}

/// The same for content that is at hand, of `size` bytes.
pub(crate) async fn with_content<T, F>(
    content: &dyn Content,
    size: u64,
    runtime: &dyn Runtime,
    work: F,
) -> Result<T, Error>
where
    F: FnOnce(BlobStream) -> Result<T, Error> + Send + 'static,
    T: Send + 'static,
{
    let chunks = content.open(Span::new(0, size)).await?;
    let (sender, pieces) = mpsc::channel(PIECES);
    let stream = BlobStream {
        ended: false,
        piece: Bytes::new(),
        pieces,
    };
    let (work, pump) = (pin!(unblock(runtime, move || work(stream))), pin!(pump(chunks, sender)));
    let done = match future::select(work, pump).await {
        // Whatever the source might still have to say.
        Either::Left((done, _)) => done,
        Either::Right(((), work)) => work.await,
    };
    done.map_err(io::Error::from)?
}

/// Passes the pieces on until there are no more, or nobody wants them any more.
async fn pump(mut chunks: Chunks, mut sender: mpsc::Sender<Piece>) {
    loop {
        let piece = match chunks.next().await {
            Some(Ok(bytes)) => Piece::Bytes(bytes),
            Some(Err(error)) => Piece::Failed(error),
            None => Piece::End,
        };
        let last = !matches!(piece, Piece::Bytes(_));
        if sender.send(piece).await.is_err() || last {
            return;
        }
    }
}

/// The content of a blob, for code that blocks.
pub(crate) struct BlobStream {
    ended: bool,
    piece: Bytes,
    pieces: mpsc::Receiver<Piece>,
}

impl BufRead for BlobStream {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.is_empty() && !self.ended {
            match futures_executor::block_on(self.pieces.next()) {
                Some(Piece::Bytes(bytes)) => self.piece = bytes,
                Some(Piece::End) => self.ended = true,
                Some(Piece::Failed(error)) => return Err(io::Error::other(error)),
                None => {
                    let message = "the reading of the layer was given up";
                    return Err(io::Error::other(Error::new(ErrorKind::Store, message)));
                }
            }
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, count: usize) {
        let count = count.min(self.piece.len());
        self.piece.advance(count);
    }
}

impl Read for BlobStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

enum Piece {
    Bytes(Bytes),
    End,
    Failed(Error),
}

/// How many pieces may wait to be read.
const PIECES: usize = 4;
