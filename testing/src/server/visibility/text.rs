//! Full text: how `Text` attributes are searched.

/// Whether a text contains one of the words of a query.
///
/// Words of the query are what spaces separate. A word like `a-b` is itself made of several words,
/// which must follow each other in the text. Case and accents make no difference.
pub(super) fn matches(text: &str, query: &str) -> bool {
    let words = words(text);
    query.split(' ').map(self::words).any(|phrase| {
        !phrase.is_empty() && words.windows(phrase.len()).any(|window| window == phrase)
    })
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.to_lowercase().chars().map(without_accent).collect())
        .collect()
}

/// The letter below the accent, as far as Western European languages have them.
fn without_accent(letter: char) -> char {
    let of = |letters: &str| letters.contains(letter);
    match letter {
        _ if letter.is_ascii() => letter,
        _ if of("àáâãäå") => 'a',
        'ç' => 'c',
        _ if of("èéêë") => 'e',
        _ if of("ìíîï") => 'i',
        'ñ' => 'n',
        _ if of("òóôõö") => 'o',
        _ if of("ùúûü") => 'u',
        'ý' | 'ÿ' => 'y',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn any_word_of_the_query_is_enough() {
        let cases = [
            ("Hello big World", "hello", true),
            ("Hello big World", "big nope", true),
            ("Hello big World", "nope none", false),
            ("Hello big World", "hel", false),
            ("Hello big World", "hello*", true),
            ("Hello big World", "hello-world", false),
            ("Hello big World", "-", false),
            ("it's a-b c_d", "it's", true),
            ("it's a-b c_d", "c", true),
            ("it's a-b c_d", "a-b", true),
            ("it's a-b c_d", "b-a", false),
            ("Ünïcode 日本語", "unicode", true),
            ("Ünïcode 日本語", "日本語", true),
            ("Ünïcode 日本語", "日本", false),
        ];
        for (text, query, want) in cases {
            assert_eq!(matches(text, query), want, "{query} in {text}");
        }
    }
}
