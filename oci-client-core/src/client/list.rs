use url::Url;

/// How far a list has been followed.
#[derive(Debug)]
pub(super) enum Place {
    End,
    First,
    Page(Url),
}

impl From<Option<Url>> for Place {
    fn from(next: Option<Url>) -> Self {
        next.map_or(Self::End, Self::Page)
    }
}
