//! Argument lists: always a tuple inside, and what a caller writes outside.

use super::payload::Payload;
use super::value::{DecodeError, EncodeError, FromPayload, ToPayload};

/// The arguments of an activity, workflow or handler, as a tuple of their types.
///
/// Callers write an [`Input`](Args::Input): `()` for no argument, the bare value for one, and
/// a tuple for more.
pub trait Args: Sized + Send + 'static {
    /// What a caller writes.
    type Input: Send + 'static;

    /// The tuple of what a caller wrote.
    fn from_input(input: Self::Input) -> Self;

    /// What a caller would have written.
    fn into_input(self) -> Self::Input;

    /// Encodes the arguments, one payload each.
    ///
    /// # Errors
    /// When a value's own serialization fails.
    fn encode(self) -> Result<Vec<Payload>, EncodeError>;

    /// Decodes the arguments. Missing ones are read as null, so that a trailing `Option` may
    /// be left out; surplus ones are ignored, so that a sender may be newer.
    ///
    /// # Errors
    /// When a payload is not of the type expected at its place.
    fn decode(payloads: &[Payload]) -> Result<Self, DecodeError>;
}

/// What a caller writes for the arguments `A`.
pub type InputOf<A> = <A as Args>::Input;

fn decode_at<T: FromPayload>(
    payloads: &[Payload],
    position: usize,
    expected: usize,
) -> Result<T, DecodeError> {
    match payloads.get(position) {
        Some(payload) => T::from_payload(payload),
        None => T::from_payload(&Payload::new("binary/null", ""))
            .map_err(|_| DecodeError::missing::<T>(position, expected, payloads.len())),
    }
}

macro_rules! args {
    ($count:literal, $input:ty, $from:pat => $tuple:expr, $into:pat => $back:expr;
     $($arg:ident $place:tt),*) => {
        impl<$($arg: ToPayload + FromPayload + Send + 'static),*> Args for ($($arg,)*) {
            type Input = $input;

            fn from_input($from: $input) -> Self {
                $tuple
            }

            fn into_input(self) -> $input {
                let $into = self;
                $back
            }

            fn encode(self) -> Result<Vec<Payload>, EncodeError> {
                Ok(vec![$(self.$place.to_payload()?),*])
            }

            #[allow(unused_variables, reason = "no arguments need no payloads")]
            fn decode(payloads: &[Payload]) -> Result<Self, DecodeError> {
                Ok(($(decode_at::<$arg>(payloads, $place, $count)?,)*))
            }
        }
    };
}

args!(0, (), () => (), () => (););
args!(1, A, value => (value,), (value,) => value; A 0);
args!(2, (A, B), tuple => tuple, tuple => tuple; A 0, B 1);
args!(3, (A, B, C), tuple => tuple, tuple => tuple; A 0, B 1, C 2);
args!(4, (A, B, C, D), tuple => tuple, tuple => tuple; A 0, B 1, C 2, D 3);
args!(5, (A, B, C, D, E), tuple => tuple, tuple => tuple; A 0, B 1, C 2, D 3, E 4);
args!(6, (A, B, C, D, E, F), tuple => tuple, tuple => tuple; A 0, B 1, C 2, D 3, E 4, F 5);
args!(7, (A, B, C, D, E, F, G), tuple => tuple, tuple => tuple;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6);
args!(8, (A, B, C, D, E, F, G, H), tuple => tuple, tuple => tuple;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
args!(9, (A, B, C, D, E, F, G, H, I), tuple => tuple, tuple => tuple;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
args!(10, (A, B, C, D, E, F, G, H, I, J), tuple => tuple, tuple => tuple;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
args!(11, (A, B, C, D, E, F, G, H, I, J, K), tuple => tuple, tuple => tuple;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
args!(12, (A, B, C, D, E, F, G, H, I, J, K, L), tuple => tuple, tuple => tuple;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_option_may_be_left_out_and_surplus_is_ignored() {
        let one = vec![7u32.to_payload().unwrap()];
        assert_eq!(<(u32, Option<String>)>::decode(&one).unwrap(), (7, None));
        assert_eq!(<()>::decode(&one).unwrap(), ());
    }

    #[test]
    fn a_missing_argument_is_named() {
        let error = <(u32, String)>::decode(&[7u32.to_payload().unwrap()]).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("argument 2") && text.contains("expected 2 arguments"),
            "{text}"
        );
    }
}
