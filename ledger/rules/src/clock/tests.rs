//! Every example of the rules, as a row.

use super::*;

fn options(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options::default();
    change(&mut options);
    options
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// "last day, strict, plain 56, look again", dashes for none; or the error's first words.
fn check(rule: &str, from: &str, options: &Options, expected: &str) {
    let made = reckon(rule.parse().unwrap(), from.parse().unwrap(), options);
    let text = |day: Option<Day>| day.map_or_else(|| "-".to_owned(), |day| day.to_string());
    let got = match &made {
        Ok(m) => [m.last_day, m.strict, m.plain_56, m.look_again].map(text).join(" "),
        Err(e) => e.to_string(),
    };
    assert!(got.starts_with(expected), "{rule} from {from}: {got}");
}

#[test]
fn r1_counts_the_publication_day_and_every_day_after_it() {
    let none = Options::default();
    check("R1", "2022-06-21", &none, "2022-08-15 - 2022-08-16 -");
    check("R1", "2021-02-26", &none, "2021-04-22 - 2021-04-23 -");
    // 6 May 2024 is a bank holiday, and still the last day.
    check("R1", "2024-03-12", &none, "2024-05-06 - 2024-05-07 -");
    assert_eq!(calendar::holiday(day("2024-05-06")), Ok(Some("Early May bank holiday")));
    // Half past midnight in London on 21 June is 20 June in UTC.
    check("R1", "2022-06-20T23:30:00Z", &none, "2022-08-15");
    check("R1", "2022-06-21T00:30:00+01:00", &none, "2022-08-15");
}

#[test]
fn r1b_is_the_everyday_count_and_no_last_day() {
    check("R1b", "2022-06-21", &Options::default(), "- - 2022-08-16 -");
    check("r1b", "2021-02-26", &Options::default(), "- - 2021-04-23 -");
}

#[test]
fn r2_has_no_last_day_and_a_warning_after_seven() {
    check("R2", "2022-08-15", &Options::default(), "- - - 2022-08-22");
}

#[test]
fn r3_shows_both_readings_of_by_a_month() {
    let by = |words: &str| options(|o| o.words = Some(words.to_owned()));
    check("R3", "2021-02-26", &by("By July 2021"), "2021-07-31 2021-06-30 - -");
    check("R3", "2021-02-26", &Options::default(), "cannot decide: R3 needs the due words");
    check("R3", "2021-02-26", &by("from June 2021"), "cannot decide: R3 does not read");
}

#[test]
fn r4_to_r7_read_the_other_words() {
    let words = |words: &str| options(|o| o.words = Some(words.to_owned()));
    check("R4", "2021-02-26", &Options::default(), "2021-02-26 - - -");
    check("R5", "2021-04-13", &words("from June 2021"), "2021-06-30 - - -");
    check("R6", "2021-04-13", &Options::default(), "- - - 2021-07-12");
    check("R7", "2022-08-16", &words("Autumn of 2022"), "2022-11-30 - - -");
}

#[test]
fn r8_expects_the_next_by_the_end_of_its_month() {
    let every = |cadence| options(|o| o.cadence = Some(cadence));
    check("R8", "2023-10-17", &every(Cadence::Monthly), "2023-11-30");
    check("R8", "2023-12-31", &every(Cadence::TwoMonthly), "2024-02-29");
    check("R8", "2018-07-31", &every(Cadence::Annual), "2019-07-31");
    check("R8", "2018-07-31", &Options::default(), "cannot decide: R8 needs the cadence");
}

#[test]
fn r9_needs_a_number_of_days_that_no_source_gives() {
    check("R9", "2023-10-17", &Options::default(), "cannot decide: R9 needs a number of days");
    check("R9", "2023-10-17", &options(|o| o.days = Some(14)), "2023-10-31");
}

#[test]
fn r10_takes_the_day_of_the_templates_calendar() {
    let fms2 = options(|o| o.calendar_day = Some(day("2019-05-31")));
    check("R10", "2018-11-01", &fms2, "2019-05-31");
    assert_eq!(day("2019-05-31").weekday(), "Friday");
    check("R10", "2018-11-01", &Options::default(), "cannot decide: R10 needs the day");
}

#[test]
fn r11_counts_the_trigger_day_and_leaves_out_christmas() {
    let none = Options::default();
    // 22, 23, 28, 29, 30 December.
    check("R11", "2022-12-22", &none, "2022-12-30");
    let made = reckon(Rule::R11, Start::Day(day("2022-12-22")), &none).unwrap();
    assert!(made.steps.iter().any(|step| step == "2022-12-26 is Boxing Day"), "{:?}", made.steps);
    // A trigger on a Saturday does not count; VE Day 2020 was a holiday, 4 May 2020 was not.
    check("R11", "2022-12-24", &none, "2023-01-04");
    check("R11", "2020-05-02", &none, "2020-05-11");
    // The funeral on 19 September 2022, the jubilee on 2 and 3 June.
    check("R11", "2022-09-15", &none, "2022-09-22");
    check("R11", "2022-05-30", &none, "2022-06-07");
    check("R11", "2027-12-24", &none, "cannot decide: 2028-01-03 lies outside");
}

#[test]
fn r12_ends_with_the_day_following() {
    let none = Options::default();
    // Friday 10:00 in London: until the end of Saturday.
    check("R12", "2022-06-10T10:00:00+01:00", &none, "2022-06-11");
    assert_eq!(day("2022-06-11").weekday(), "Saturday");
    // Friday 23:30 in UTC is Saturday in a London summer, and Friday in winter.
    check("R12", "2022-06-10T23:30:00Z", &none, "2022-06-12");
    check("R12", "2022-01-14T23:30:00Z", &none, "2022-01-15");
}

#[test]
fn r13_is_extended_before_its_end_and_paused_by_judicial_review() {
    check("R13", "2025-10-06", &Options::default(), "2025-11-30 - 2025-12-01");
    let extended = |on: &str, to: &str| options(|o| o.extension = Some((day(on), day(to))));
    check("R13", "2025-10-06", &extended("2025-11-30", "2025-12-14"), "2025-12-14");
    check(
        "R13",
        "2025-10-06",
        &extended("2025-12-01", "2025-12-14"),
        "cannot decide: applied for an extension",
    );
    check("R13", "2025-10-06", &extended("2025-11-30", "2025-11-30"), "cannot decide: an extension to");
    let paused = |from: &str, to: &str| options(|o| o.pause = Some((day(from), day(to))));
    check("R13", "2025-10-06", &paused("2025-10-20", "2025-10-30"), "2025-12-10");
    check("R13", "2025-10-06", &paused("2025-12-01", "2025-12-30"), "cannot decide: a pause from");
}

#[test]
fn r14_has_four_timings() {
    let none = Options::default();
    check("R14-17", "2022-06-15", &none, "2022-07-13");
    check("R14-18", "2022-12-22", &none, "2023-01-10");
    check("R14-19", "2024-02-29", &none, "2025-02-28");
    check("R14-23", "2022-08-15", &none, "2022-09-06");
    let made = reckon(Rule::R14Timeliness, Start::Day(day("2022-01-31")), &none).unwrap();
    assert_eq!(made.last_day, Some(day("2023-01-30")), "the day itself is the first of the period");
    assert_eq!(made.steps, ["the next period ends on 2023-07-30, and another every 6 months"]);
}

#[test]
fn every_rule_is_read_by_its_name_and_has_words_and_a_source() {
    for rule in Rule::ALL {
        assert_eq!(rule.as_str().parse(), Ok(*rule));
        assert!(!rule.words().is_empty() && !rule.source().is_empty());
    }
    assert!("R14".parse::<Rule>().unwrap_err().to_string().contains("R14-17, R14-18"));
    assert!("21/06/2022".parse::<Start>().is_err());
}

#[test]
fn what_was_reckoned_reads_as_json() {
    let made = reckon(Rule::R1, Start::Day(day("2022-06-21")), &Options::default()).unwrap();
    let json = serde_json::to_value(&made).unwrap();
    assert_eq!(
        (&json["rule"], &json["last_day"], &json["plain_56"]),
        (&"R1".into(), &"2022-08-15".into(), &"2022-08-16".into())
    );
    assert!(json["strict"].is_null());
}
