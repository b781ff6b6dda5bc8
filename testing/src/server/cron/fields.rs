//! One field of a cron schedule: the numbers that it names.

/// What a field may hold.
#[derive(Debug)]
pub(in crate::server) struct Bounds {
    pub(in crate::server) min: u32,
    pub(in crate::server) max: u32,
    /// Names of the numbers from `min` on, in lower case.
    pub(in crate::server) names: &'static [&'static str],
}

/// The minutes of an hour.
pub(in crate::server) const MINUTES: Bounds = Bounds {
    min: 0,
    max: 59,
    names: &[],
};
/// The hours of a day.
pub(in crate::server) const HOURS: Bounds = Bounds {
    min: 0,
    max: 23,
    names: &[],
};
/// The days of a month.
pub(in crate::server) const DAYS_OF_MONTH: Bounds = Bounds {
    min: 1,
    max: 31,
    names: &[],
};
/// The months of a year.
pub(in crate::server) const MONTHS: Bounds = Bounds {
    min: 1,
    max: 12,
    names: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
/// The days of a week, from Sunday on.
pub(in crate::server) const DAYS_OF_WEEK: Bounds = Bounds {
    min: 0,
    max: 6,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

/// A set of small numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::server) struct Field {
    bits: u64,
    any: bool,
}

impl Field {
    /// Reads a list of ranges; `None` if one is malformed or out of bounds.
    pub(in crate::server) fn parse(text: &str, bounds: &Bounds) -> Option<Self> {
        let mut field = Self::default();
        for range in text.split(',').filter(|range| !range.is_empty()) {
            let Self { bits, any } = Self::parse_range(range, bounds)?;
            field.bits |= bits;
            field.any |= any;
        }
        Some(field)
    }

    /// Reads `*`, `5`, `mon-fri`, `*/10` or `5-55/10`; `5/10` goes on to the upper bound.
    fn parse_range(text: &str, bounds: &Bounds) -> Option<Self> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(step.parse().ok()?)),
            None => (text, None),
        };
        let (low, high) = match range.split_once('-') {
            Some((low, high)) => (low, Some(high)),
            None => (range, None),
        };
        let star = matches!(low, "*" | "?");
        let (start, end) = match (star, high) {
            (true, _) => (bounds.min, bounds.max),
            (false, Some(high)) => (number(low, bounds)?, number(high, bounds)?),
            (false, None) if step.is_some() => (number(low, bounds)?, bounds.max),
            (false, None) => (number(low, bounds)?, number(low, bounds)?),
        };
        let step = step.unwrap_or(1);
        if step == 0 || start < bounds.min || end > bounds.max || start > end {
            return None;
        }
        Some(Self {
            bits: (start..=end).step_by(step).fold(0, |bits, n| bits | 1 << n),
            any: star && step == 1,
        })
    }

    /// Whether the field names this number.
    pub(in crate::server) fn contains(self, number: i8) -> bool {
        u32::try_from(number).is_ok_and(|number| self.bits >> number & 1 == 1)
    }

    /// Whether the field was left open by `*`.
    pub(in crate::server) fn is_any(self) -> bool {
        self.any
    }
}

fn number(text: &str, bounds: &Bounds) -> Option<u32> {
    let named = bounds
        .names
        .iter()
        .position(|name| text.eq_ignore_ascii_case(name));
    match named {
        Some(at) => Some(bounds.min + u32::try_from(at).ok()?),
        None => text.parse().ok(),
    }
}
