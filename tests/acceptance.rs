//! The acceptance scenarios, by number. Each reads like the scenario it proves.

mod as_01_register_the_spotlight_report;
mod as_02_deadline_words;
mod as_03_board_paper;
mod as_04_the_2022_letter;
mod as_05_cumbria;
mod as_06_thirteen_areas;
mod as_07_not_addressed;
mod as_08_only_the_inspectorate_closes;
mod as_09_unknown_area;
mod as_10_own_use_of_force;
mod as_11_taser_month;
mod as_12_recap_arithmetic;
mod as_13_reasonable_grounds;
mod as_14_ethnicity;
mod as_15_carried_over_grade;
mod as_16_the_2017_recommendation;
mod as_17_severity_and_referral;
mod as_18_barred_list;
mod as_19_erasure;
mod as_20_tamper_and_replay;
mod as_21_panel;
mod as_22_aliases;
mod as_23_vetting;
mod as_24_flow;
mod conduct;
mod powers;

use serde_json::Value;

/// The register's rows in which every named field has its value.
fn rows<'a>(view: &'a Value, picks: &[(&str, &str)]) -> Vec<&'a Value> {
    let all = view["register"]["rows"].as_array().expect("a list of rows");
    all.iter().filter(|row| picks.iter().all(|(field, value)| row[field] == *value)).collect()
}

/// The row of one obligation.
fn row(view: &Value, obligation: &str) -> Value {
    match rows(view, &[("obligation", obligation)])[..] {
        [row] => row.clone(),
        ref other => panic!("{obligation}: {} rows", other.len()),
    }
}

/// The statutory response of one local policing body to one report.
fn response(view: &Value, body: &str, report: &str) -> Value {
    let all = view["responses"]["rows"].as_array().expect("a list of rows");
    let found = all.iter().find(|row| row["body"] == body && row["report"] == report);
    found.unwrap_or_else(|| panic!("{body}, {report}: no row")).clone()
}

/// One finding.
fn finding(view: &Value, stream: &str) -> Value {
    let all = view["register"]["findings"].as_array().expect("a list of findings");
    all.iter().find(|f| f["finding"] == stream).unwrap_or_else(|| panic!("{stream}: no finding")).clone()
}
