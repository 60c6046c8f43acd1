/// A part of a sorted list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    items: Vec<T>,
    more: bool,
}

impl<T> Page<T> {
    /// A page of `items`; `more` says whether others come after them.
    pub const fn new(items: Vec<T>, more: bool) -> Self {
        Self { items, more }
    }

    /// The first `size` of `items`, which may be any number.
    pub fn first(items: impl IntoIterator<Item = T>, size: usize) -> Self {
        let mut rest = items.into_iter();
        let items = rest.by_ref().take(size).collect();
        Self {
            items,
            more: rest.next().is_some(),
        }
    }

    /// The entries, in order.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// Whether others come after them.
    pub const fn has_more(&self) -> bool {
        self.more
    }

    /// The entries, by value.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }
}
