//! Dates of the calendar and of HTTP, without a clock: what is "now" comes in.

use std::time::Duration;

use x509_cert::der::DateTime;

use crate::domain::Timestamp;

const DAY: i64 = 86_400;

/// The year, month and day of a timestamp in UTC (proleptic Gregorian; the algorithm counts from 1 March of the year 0, so
/// that the leap day is a year's last).
fn civil(at: Timestamp) -> (i64, i64, i64) {
    let days = at.div_euclid(DAY) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The day in UTC, `2027-03-04`.
pub fn date(at: Timestamp) -> String {
    let (year, month, day) = civil(at);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Day and minute in UTC, `2027-03-04 18:05 UTC`.
pub fn date_and_time(at: Timestamp) -> String {
    let second = at.rem_euclid(DAY);
    format!("{} {:02}:{:02} UTC", date(at), second / 3600, second % 3600 / 60)
}

/// The beginning of a day in UTC that is written as [`date`] writes it.
pub fn of_date(text: &str) -> Option<Timestamp> {
    let mut parts = text.trim().split('-');
    let (year, month, day) = (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let moment = DateTime::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?, 0, 0, 0).ok()?;
    parts.next().is_none().then(|| seconds(moment.unix_duration()))
}

/// Whole days from one moment to another, negative when `to` lies before `from`; less than a day is 0.
pub fn days_between(from: Timestamp, to: Timestamp) -> i64 {
    to.saturating_sub(from) / DAY
}

/// Reads an HTTP `Date` header, `Sun, 22 Nov 2026 00:16:27 GMT` (RFC 9110 IMF-fixdate). The two old forms are not sent by
/// anything that labwizard talks to.
pub fn http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (weekday, rest) = text.trim().split_once(", ")?;
    if weekday.len() != 3 || !weekday.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let mut words = rest.split(' ');
    let day = number(words.next()?, 2)?;
    let name = words.next()?;
    let month = MONTHS.iter().position(|m| *m == name)? + 1;
    let year = number(words.next()?, 4)?;
    let mut clock = words.next()?.split(':').map(|part| number(part, 2));
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if clock.next().is_some() || words.next() != Some("GMT") || words.next().is_some() {
        return None;
    }
    // A leap second is the second before it here; a check of 30 s does not mind.
    let moment = DateTime::new(
        year,
        u8::try_from(month).ok()?,
        u8::try_from(day).ok()?,
        u8::try_from(hour).ok()?,
        u8::try_from(minute).ok()?,
        u8::try_from(second.min(59)).ok()?,
    )
    .ok()?;
    (second <= 60).then(|| seconds(moment.unix_duration()))
}

fn seconds(since_1970: Duration) -> Timestamp {
    Timestamp::try_from(since_1970.as_secs()).unwrap_or(Timestamp::MAX)
}

fn number(text: &str, digits: usize) -> Option<u16> {
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_of_the_calendar_are_named() {
        for (at, day) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400, "2000-02-29"),
            (1_795_306_587, "2026-11-22"),
            (1_804_118_400, "2027-03-04"),
            (4_107_542_399, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
            (253_402_300_799, "9999-12-31"),
        ] {
            assert_eq!(date(at), day);
        }
        assert_eq!(date_and_time(1_795_306_587), "2026-11-22 00:16 UTC");
    }

    #[test]
    fn a_day_is_read_as_it_is_written() {
        assert_eq!(of_date("2027-03-04"), Some(1_804_118_400));
        for wrong in ["", "2027-3-4", "2027-02-30", "2027-03-04-05", "04.03.2027", "+027-03-04", "2027-03"] {
            assert_eq!(of_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn days_are_counted_whole_in_both_directions() {
        assert_eq!(days_between(0, 86_399), 0);
        assert_eq!(days_between(0, 86_400 * 103 + 5), 103);
        assert_eq!(days_between(86_400 * 3, 0), -3);
        assert_eq!(days_between(10, 0), 0);
    }

    #[test]
    fn the_date_header_of_a_host_is_read() {
        assert_eq!(http_date("Sun, 22 Nov 2026 00:16:27 GMT"), Some(1_795_306_587));
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(http_date("Sat, 31 Dec 2016 23:59:60 GMT"), http_date("Sat, 31 Dec 2016 23:59:59 GMT"));
        for wrong in [
            "",
            "Sun",
            "Sun, 22 Nov 2026 00:16:27",
            "Sun, 22 Nov 2026 00:16:27 CET",
            "Sun, 31 Feb 2026 00:16:27 GMT",
            "Sun, 22 Nov 2026 24:16:27 GMT",
            "Sun, 22 Nov 2026 00:16:61 GMT",
            "Sun, 22 nov 2026 00:16:27 GMT",
            "Sun, 22 Nov 26 00:16:27 GMT",
            "Sunday, 22-Nov-26 00:16:27 GMT",
            "Sun, +2 Nov 2026 00:16:27 GMT",
            "Sun, 22 Nov 2026 00:16:27 GMT x",
        ] {
            assert_eq!(http_date(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn our_calendar_agrees_with_the_one_of_certificates(at in 0i64..253_402_300_799) {
            let other = DateTime::from_unix_duration(Duration::from_secs(at as u64)).unwrap();
            prop_assert_eq!(date(at), format!("{:04}-{:02}-{:02}", other.year(), other.month(), other.day()));
        }

        #[test]
        fn no_header_makes_it_stumble(text in ".{0,60}") {
            let _ = http_date(&text);
        }
    }
}
