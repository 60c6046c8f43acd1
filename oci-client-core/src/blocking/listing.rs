use crate::Error;

/// What has come of a list that is fetched a page at a time.
#[derive(Debug)]
pub(super) struct Listing<T> {
    ended: bool,
    page: std::vec::IntoIter<T>,
}

impl<T> Listing<T> {
    /// What is left of the page at hand, or else the one that `fetch` brings.
    pub(super) fn page(
        &mut self,
        fetch: impl FnOnce() -> Result<Option<Vec<T>>, Error>,
    ) -> Result<Option<Vec<T>>, Error> {
        if self.page.len() > 0 {
            return Ok(Some(std::mem::take(&mut self.page).collect()));
        }
        fetch()
    }

    /// The next entry. After an error there is none: a part is never taken for the whole.
    pub(super) fn next(
        &mut self,
        mut fetch: impl FnMut() -> Result<Option<Vec<T>>, Error>,
    ) -> Option<Result<T, Error>> {
        loop {
            if let Some(entry) = self.page.next() {
                return Some(Ok(entry));
            }
            if self.ended {
                return None;
            }
            match fetch() {
                Ok(page) => self.page = page?.into_iter(),
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        let page = Vec::new().into_iter();
        Self { ended: false, page }
    }
}
