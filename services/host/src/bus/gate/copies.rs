//! Whether every copy of a stream is there, and has what the leader has.

use std::time::Duration;

use crate::bus::stream::{Complaint, Copies, Copy, SourceSeen, StreamSpec};

/// A server's copy that is so many operations behind is behind for a reason; fewer are on their way.
const BEHIND: u64 = 100;

/// A copy speaks every second or so (the cluster's own heartbeat), an outlet every second.
const SILENT: Duration = Duration::from_secs(10);

/// What is wrong with the copies of a stream, and with where it takes from.
pub(in crate::bus) fn copies(spec: &StreamSpec, seen: &Copies) -> Vec<Complaint> {
    let name = &spec.name;
    let mut sentences: Vec<String> =
        seen.followers.iter().filter_map(copy).map(|what| format!("{name}: {what}")).collect();
    let there = 1 + seen.followers.len();
    if there < spec.replicas {
        sentences.push(format!("{name} has {there} copies, and should have {}", spec.replicas));
    }
    if !seen.followers.is_empty() && seen.leader.is_none() {
        sentences.push(format!("{name} has no leader at the moment: nothing can be stored"));
    }
    let complain = |setting| move |sentence| Complaint { setting, sentence };
    let source = seen.source.as_ref().and_then(source).map(|what| format!("{name}: {what}"));
    let copies = sentences.into_iter().map(complain("replica"));
    copies.chain(source.into_iter().map(complain("source"))).collect()
}

fn copy(copy: &Copy) -> Option<String> {
    let Copy { server, is_current, is_offline, lag, silent } = copy;
    if *is_offline {
        Some(format!("the copy on {server} is offline: start that server, or the next loss stops the stream"))
    } else if *silent > SILENT {
        Some(format!("the copy on {server} has not been heard of for {} s", silent.as_secs()))
    } else if *lag > BEHIND {
        Some(format!("the copy on {server} is {lag} operations behind"))
    } else if !is_current {
        Some(format!("the copy on {server} is not current"))
    } else {
        None
    }
}

fn source(seen: &SourceSeen) -> Option<String> {
    let SourceSeen { stream, lag, silent, problem } = seen;
    match (problem, silent) {
        (Some(problem), _) => Some(format!("{stream} cannot be taken from: {problem}")),
        (None, None) => Some(format!(
            "nothing has been heard of {stream} yet: is its server linked, and has it been provisioned?"
        )),
        (None, Some(silent)) if *silent > SILENT => {
            Some(format!("nothing has been heard of {stream} for {} s", silent.as_secs()))
        }
        (None, Some(_)) if *lag > BEHIND => Some(format!("{lag} messages of {stream} are not here yet")),
        (None, Some(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::names::Force;

    fn good() -> Copy {
        let silent = Duration::from_millis(300);
        Copy { server: "n2".to_owned(), is_current: true, is_offline: false, lag: 0, silent }
    }

    #[test]
    fn a_copy_that_is_missing_silent_or_behind_is_named() {
        let spec = Force::parse("x").unwrap().inbox().with_replicas(3);
        let leader = Some("n1".to_owned());
        let of = |second| Copies { leader: leader.clone(), followers: vec![good(), second], source: None };
        assert_eq!(copies(&spec, &of(good())), []);
        for (second, word) in [
            (Copy { is_offline: true, ..good() }, "offline"),
            (Copy { is_current: false, ..good() }, "not current"),
            (Copy { lag: 101, ..good() }, "101 operations behind"),
            (Copy { silent: SILENT * 2, ..good() }, "20 s"),
        ] {
            let found = copies(&spec, &of(second));
            assert!(found.len() == 1 && found[0].sentence.contains(word), "{found:?}");
        }
        let lonely = Copies { leader: leader.clone(), ..Copies::default() };
        assert!(copies(&spec, &lonely)[0].sentence.contains("1 copies, and should have 3"));
        assert!(copies(&spec, &Copies { leader: None, ..of(good()) })[0].sentence.contains("no leader"));
    }

    #[test]
    fn a_source_that_says_nothing_is_named() {
        let spec = Force::parse("x").unwrap().sealed_at_hub();
        let of = |lag, silent, problem: Option<&str>| Copies {
            source: Some(SourceSeen {
                stream: "SEALED_X".to_owned(),
                lag,
                silent,
                problem: problem.map(str::to_owned),
            }),
            ..Copies::default()
        };
        let now = Some(Duration::from_millis(900));
        assert_eq!(copies(&spec, &of(5, now, None)), []);
        for (seen, word) in [
            (of(0, None, None), "has it been provisioned?"),
            (of(0, Some(SILENT * 3), None), "30 s"),
            (of(500, now, None), "500 messages"),
            (of(0, now, Some("consumer not found")), "consumer not found"),
        ] {
            assert!(copies(&spec, &seen)[0].sentence.contains(word), "{seen:?}");
        }
    }
}
