//! The fields of a calendar: their ranges, their names, and their textual form.

use outlast_proto::temporal::api::schedule::v1::Range;

/// One field of a calendar.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) first: i32,
    pub(super) last: i32,
    /// The highest number that a text may say, where it is not `last`.
    last_in_text: i32,
    /// What an empty text stands for.
    default: &'static str,
    /// Names of the values from `first` on, of which two letters are enough.
    names: &'static [&'static str],
}

pub(super) const SECOND: Field = Field::number("Second", 0, 59, "0");
pub(super) const MINUTE: Field = Field::number("Minute", 0, 59, "0");
pub(super) const HOUR: Field = Field::number("Hour", 0, 23, "0");
pub(super) const DAY_OF_MONTH: Field = Field::number("DayOfMonth", 1, 31, "*");
pub(super) const YEAR: Field = Field::number("Year", 2000, 2100, "*");
pub(super) const MONTH: Field = Field {
    names: &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ],
    ..Field::number("Month", 1, 12, "*")
};
/// Sunday is 0 and, in texts, 7 as well.
pub(super) const DAY_OF_WEEK: Field = Field {
    last_in_text: 7,
    names: &[
        "sunday",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
    ],
    ..Field::number("DayOfWeek", 0, 6, "*")
};

impl Field {
    const fn number(name: &'static str, first: i32, last: i32, default: &'static str) -> Self {
        Self {
            name,
            first,
            last,
            last_in_text: last,
            default,
            names: &[],
        }
    }

    /// What makes no sense in a range of this field.
    pub(super) fn flaws(&self, range: &Range) -> Vec<String> {
        let bounds = self.bounds(self.last);
        let mut flaws = Vec::new();
        if !(self.first..=self.last).contains(&range.start) {
            flaws.push(format!("{} Start is {bounds}", self.name));
        }
        let ends_early = range.end < range.start && range.end != 0;
        if ends_early || range.end > self.last {
            flaws.push(format!("{} End is before Start or {bounds}", self.name));
        }
        if range.step < 0 {
            flaws.push(self.flaw("has invalid Step"));
        }
        flaws
    }

    /// The ranges that a text such as `1,5-9,*/10` stands for.
    pub(super) fn parse(&self, text: &str) -> Result<Vec<Range>, String> {
        let text = if text.is_empty() { self.default } else { text };
        let mut ranges = Vec::new();
        for part in text.split(',') {
            self.parse_part(part, &mut ranges)?;
        }
        Ok(ranges)
    }

    fn parse_part(&self, part: &str, ranges: &mut Vec<Range>) -> Result<(), String> {
        let mut slashes = part.split('/');
        let (values, step) = (slashes.next().unwrap_or_default(), slashes.next());
        if slashes.next().is_some() {
            return Err(self.flaw("has too many slashes"));
        }
        let steps = match step {
            None => 1,
            Some("") => return Err(self.flaw("missing step value")),
            Some(step) => match step.parse() {
                Ok(step) if step > 0 => step,
                _ => return Err(self.flaw("has invalid Step")),
            },
        };
        let (start, end) = self.parse_values(values, step.is_some())?;
        self.push_range(start, end, steps, ranges);
        Ok(())
    }

    fn parse_values(&self, values: &str, stepped: bool) -> Result<(i32, i32), String> {
        let bounds = self.bounds(self.last_in_text);
        if values == "*" {
            return Ok((self.first, self.last));
        }
        let mut dashes = values.split('-');
        let (start, end) = (dashes.next().unwrap_or_default(), dashes.next());
        if dashes.next().is_some() {
            return Err(self.flaw("has too many dashes"));
        }
        let start = self.value(start);
        let Some(end) = end else {
            let start = start.ok_or_else(|| format!("{} is {bounds}", self.name))?;
            let end = if stepped { self.last_in_text } else { start };
            return Ok((start, end));
        };
        let start = start.ok_or_else(|| format!("{} Start is {bounds}", self.name))?;
        let end = self.value(end).filter(|end| *end >= start);
        match end {
            Some(end) => Ok((start, end)),
            None => Err(format!("{} End is before Start or {bounds}", self.name)),
        }
    }

    /// Adds a range, in which a last value beyond the field's own is its first one again.
    fn push_range(&self, start: i32, end: i32, step: i32, ranges: &mut Vec<Range>) {
        let beyond = end > self.last && (end - start) % step == 0;
        let covered = start == self.first && step == 1;
        if beyond && !covered {
            ranges.push(range(self.first, self.first, 1));
        }
        let end = end.min(self.last);
        if start <= end {
            ranges.push(range(start, end, step));
        }
    }

    fn value(&self, text: &str) -> Option<i32> {
        let number = match text.parse() {
            Ok(number) => number,
            Err(_) => self.first + i32::try_from(self.position_of(text)?).ok()?,
        };
        (self.first..=self.last_in_text)
            .contains(&number)
            .then_some(number)
    }

    fn position_of(&self, text: &str) -> Option<usize> {
        let text = text.to_ascii_lowercase();
        let enough = text.len() >= 2;
        let mut names = self.names.iter();
        names.position(|name| enough && name.starts_with(&text))
    }

    fn bounds(&self, last: i32) -> String {
        format!("not in range [{}-{last}]", self.first)
    }

    fn flaw(&self, what: &str) -> String {
        format!("{} {what}", self.name)
    }
}

fn range(start: i32, end: i32, step: i32) -> Range {
    Range { start, end, step }
}
