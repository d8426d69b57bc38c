//! Numbers that lose nothing between a core and a resource.
//!
//! A core sends whole numbers, binary fractions and decimal texts, and compares what comes back exactly.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A number of any size and precision; two numbers are equal if they have the same numeric value.
#[derive(Clone)]
pub struct Number(Form);

/// The text is not a number in decimal notation.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a number in decimal notation")]
pub struct NotANumber;

/// A whole number within `i64` is always `Integer`, so the other forms never hold one.
#[derive(Clone)]
enum Form {
    Integer(i64),
    Float(f64),
    Text(String),
}

impl Number {
    /// Makes a number of a finite binary fraction; infinities and not-a-number give nothing.
    #[must_use]
    pub fn from_f64(number: f64) -> Option<Number> {
        if !number.is_finite() {
            return None;
        }
        if number.fract() == 0.0 {
            return format!("{number:.0}").parse().ok();
        }
        Some(Number(Form::Float(number)))
    }

    /// Returns a whole number; a fraction or a number beyond the range is refused.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Form::Integer(number) => Some(number),
            Form::Float(_) | Form::Text(_) => None,
        }
    }

    /// Returns the number as a binary fraction if it was made of one.
    pub(crate) fn as_binary_fraction(&self) -> Option<f64> {
        match self.0 {
            Form::Float(number) => Some(number),
            Form::Integer(_) | Form::Text(_) => None,
        }
    }

    fn decimal(&self) -> Option<Decimal> {
        match &self.0 {
            Form::Integer(number) => Decimal::parse(&number.to_string()),
            // No binary fraction needs more than 1074 decimal places, so nothing is rounded here.
            Form::Float(number) => Decimal::parse(&format!("{number:.1074}")),
            Form::Text(text) => Decimal::parse(text),
        }
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Number(Form::Integer(number))
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Number(i64::try_from(number).map_or_else(|_| Form::Text(number.to_string()), Form::Integer))
    }
}

impl FromStr for Number {
    type Err = NotANumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let decimal = Decimal::parse(text).ok_or(NotANumber)?;
        Ok(Number(decimal.as_i64().map_or_else(
            || Form::Text(text.to_owned()),
            Form::Integer,
        )))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Form::Integer(left), Form::Integer(right)) => left == right,
            (Form::Float(left), Form::Float(right)) => left == right,
            _ => self.decimal() == other.decimal(),
        }
    }
}

impl Eq for Number {}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Integer(number) => write!(f, "{number}"),
            Form::Float(number) => write!(f, "{number}"),
            Form::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number")
    }
}

/// The one way to write a number: digits without zeros at either end, times a power of ten.
#[derive(PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &str) -> Option<Decimal> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i32>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let kept = all.trim_end_matches('0');
        let dropped = all.len() - kept.len();
        let exponent = i64::from(power) - length(fraction.len())? + length(dropped)?;
        Some(Decimal::normal(
            negative,
            kept.trim_start_matches('0'),
            exponent,
        ))
    }

    fn normal(negative: bool, digits: &str, exponent: i64) -> Decimal {
        let zero = digits.is_empty();
        Decimal {
            negative: negative && !zero,
            digits: digits.to_owned(),
            exponent: if zero { 0 } else { exponent },
        }
    }

    fn as_i64(&self) -> Option<i64> {
        let zeros = usize::try_from(self.exponent).ok()?;
        // No `i64` has more than nineteen digits; a larger power of ten must not be written out.
        if zeros > 19 {
            return None;
        }
        let sign = if self.negative { "-" } else { "" };
        let digits = if self.digits.is_empty() {
            "0"
        } else {
            &self.digits
        };
        format!("{sign}{digits}{}", "0".repeat(zeros)).parse().ok()
    }
}

fn length(count: usize) -> Option<i64> {
    i64::try_from(count).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<Number> {
        text.parse().ok()
    }

    fn check_equal(left: &str, right: &str, equal: bool) {
        assert_eq!(number(left) == number(right), equal, "{left} and {right}");
    }

    #[test]
    fn numbers_are_equal_by_value_however_they_are_written() {
        check_equal("1", "1.0", true);
        check_equal("100", "1e2", true);
        check_equal("0.10", "1e-1", true);
        check_equal("-0", "0.000", true);
        check_equal("18446744073709551616", "18446744073709551616.0", true);
        check_equal("18446744073709551616", "18446744073709551617", false);
        check_equal("0.1", "0.10000000000000001", false);
        check_equal("1", "-1", false);
    }

    #[test]
    fn only_whole_numbers_within_range_are_integers() {
        let whole = |text: &str| number(text).and_then(|number| number.as_i64());
        assert_eq!(whole("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(whole("9223372036854775808"), None);
        assert_eq!(whole("7.00"), Some(7));
        assert_eq!(whole("7.5"), None);
        assert_eq!(whole("1e2147483647"), None);
        assert_eq!(whole("0e2147483647"), Some(0));
    }

    #[test]
    fn what_is_no_decimal_number_is_refused() {
        for text in ["", "-", ".", "1.2.3", "0x10", "1e", "NaN", "inf", "1 ", "١"] {
            assert_eq!(text.parse::<Number>(), Err(NotANumber), "{text}");
        }
    }

    #[test]
    fn a_binary_fraction_equals_its_exact_decimal_text() {
        assert_eq!(Number::from_f64(1.5), number("1.5"));
        assert_ne!(Number::from_f64(0.1), number("0.1"));
        assert_eq!(
            Number::from_f64(1e30)
                .map(|number| number.to_string())
                .as_deref(),
            Some("1000000000000000019884624838656")
        );
        assert_eq!(Number::from_f64(f64::NAN), None);
        assert_eq!(
            Number::from(u64::MAX),
            number("18446744073709551615").expect("a number")
        );
    }
}
