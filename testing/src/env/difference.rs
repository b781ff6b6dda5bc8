//! [`Difference`]: what two texts do not have in common.

use std::fmt;

/// Two texts, line by line: what only the first has with `-`, and what only the second has with
/// `+`.
pub(super) struct Difference<'a> {
    pub(super) kept: &'a str,
    pub(super) came: &'a str,
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept: Vec<&str> = self.kept.lines().collect();
        let came: Vec<&str> = self.came.lines().collect();
        // How many lines the rests have in common, from each place on.
        let mut common = vec![vec![0usize; came.len() + 1]; kept.len() + 1];
        for (i, old) in kept.iter().enumerate().rev() {
            for (j, new) in came.iter().enumerate().rev() {
                common[i][j] = match old == new {
                    true => common[i + 1][j + 1] + 1,
                    false => common[i + 1][j].max(common[i][j + 1]),
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < kept.len() || j < came.len() {
            let is_same = i < kept.len() && j < came.len() && kept[i] == came[j];
            if is_same {
                writeln!(f, "  {}", kept[i])?;
                (i, j) = (i + 1, j + 1);
            } else if j == came.len() || (i < kept.len() && common[i + 1][j] >= common[i][j + 1]) {
                writeln!(f, "- {}", kept[i])?;
                i += 1;
            } else {
                writeln!(f, "+ {}", came[j])?;
                j += 1;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_what_is_gone_and_what_is_new() {
        let difference = Difference {
            kept: "a\nb\nc\n",
            came: "a\nx\nc\nd\n",
        };
        assert_eq!(difference.to_string(), "  a\n- b\n+ x\n  c\n+ d\n");
    }
}
