//! Figures as text.

use std::fmt::Write as _;
use std::time::Duration;

/// A table in Markdown.
pub(crate) struct Table {
    columns: usize,
    text: String,
}

impl Table {
    pub(crate) fn new(columns: &[&str]) -> Self {
        let mut table = Self {
            columns: columns.len(),
            text: String::new(),
        };
        table.row(columns.iter().map(ToString::to_string));
        table.text.push_str(&"|---".repeat(table.columns));
        table.text.push_str("|\n");
        table
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        for cell in cells {
            let _ = write!(self.text, "| {cell} ");
        }
        self.text.push_str("|\n");
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }
}

/// The value in the middle, or between the two in the middle; 0 of none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle).copied().unwrap_or_default();
    match values.len() % 2 {
        0 => {
            (upper
                + middle
                    .checked_sub(1)
                    .and_then(|below| values.get(below))
                    .unwrap_or(&upper))
                / 2.0
        }
        _ => upper,
    }
}

pub(crate) fn seconds(value: f64) -> String {
    match value {
        value if value < 0.1 => format!("{:.0} ms", value * 1000.0),
        value if value < 10.0 => format!("{value:.2} s"),
        value => format!("{value:.1} s"),
    }
}

pub(crate) fn mebibytes(bytes: f64) -> String {
    format!("{:.0} MiB", bytes / f64::from(1 << 20))
}

pub(crate) fn as_seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([]), 0.0);
        assert_eq!(median([3.0]), 3.0);
        assert_eq!(median([9.0, 1.0, 3.0]), 3.0);
        assert_eq!(median([9.0, 1.0, 3.0, 5.0]), 4.0);
    }

    #[test]
    fn a_table_is_markdown() {
        let mut table = Table::new(&["a", "b"]);
        table.row(["1".to_owned(), seconds(0.0123)]);
        assert_eq!(table.finish(), "| a | b |\n|---|---|\n| 1 | 12 ms |\n");
    }
}
