//! Which rule belongs to which kind of the review group.

use crate::case::{Case, Context};
use crate::kinds::Tag;
use crate::pseudonym::Pseudonym;
use crate::refusal::Refusal;
use crate::rules::Change;
use crate::{learning, panel, powers, quality, review, sampling, sources};

pub(crate) fn decide(case: &Case<'_>) -> Result<(), Refusal> {
    match case.known.tag {
        Tag::SourceFileImported => sources::decide(case),
        Tag::TableRowImported => sources::decide_table_row(case),
        Tag::StopSearchRecorded => powers::decide_search(case),
        Tag::UseOfForceRecorded => powers::decide_force(case),
        Tag::FootageRecorded => powers::decide_footage(case),
        Tag::SampleFrameCommitted => sampling::decide_frame(case),
        Tag::SampleDrawn => sampling::decide_drawn(case),
        Tag::ReviewAssigned => review::decide_assigned(case),
        Tag::ReviewRecused => review::decide_recused(case),
        Tag::ReviewCompleted => review::decide_completed(case),
        Tag::FeedbackGiven => review::decide_feedback(case),
        Tag::FeedbackAcknowledged => review::decide_acknowledged(case),
        Tag::ConcernEscalated => review::decide_escalated(case),
        Tag::GoodPracticeRecognised => review::decide_good_practice(case),
        Tag::ReviewPeriodAdopted => review::decide_period(case),
        Tag::LearningPointIssued => learning::decide_issued(case),
        Tag::LearningChannelled => learning::decide_channelled(case),
        Tag::LearningAdopted => learning::decide_adopted(case),
        Tag::PanelMemberTrained => panel::decide_trained(case),
        Tag::PanelSessionHeld => panel::decide_held(case),
        Tag::PanelRatingGiven => panel::decide_rating(case),
        Tag::PanelFeedbackGiven => panel::decide_feedback(case),
        Tag::CommunityConversationHeld => panel::decide_conversation(case),
        Tag::DataQualityIssueRecorded => quality::decide(case),
        Tag::FiguresTabled => quality::decide_tabled(case),
        Tag::DisproportionalityReviewed => quality::decide_disproportionality(case),
        _ => Ok(()),
    }
}

pub(crate) fn evolve(change: Change<'_>, tag: Tag, context: &Context) {
    match tag {
        Tag::SourceFileImported => {
            change.with(|state, c, body| sources::evolve(state, c.param("source"), body));
        }
        Tag::StopSearchRecorded => {
            change.with(|state, c, body| powers::evolve_search(state, c.stream(), body))
        }
        Tag::UseOfForceRecorded => {
            change.with(|state, c, body| powers::evolve_force(state, c.stream(), body))
        }
        Tag::FootageRecorded => change.with(|state, c, body| {
            powers::evolve_footage(state, c.param("power"), c.param("record"), body);
        }),
        Tag::SampleFrameCommitted => {
            let at = context.index;
            change.with(|state, c, body| sampling::evolve_frame(state, c.stream(), at, body));
        }
        Tag::SampleDrawn => change.with(|state, c, body| sampling::evolve_drawn(state, c.stream(), body)),
        Tag::LearningPointIssued => learning::evolve_issued(change.state, change.statement.stream.as_str()),
        Tag::PanelMemberTrained => change.with(|state, c, body| {
            panel::evolve_trained(state, c.param("body"), c.param("member"), body);
        }),
        Tag::PanelSessionHeld => change.with(|state, c, body| panel::evolve_held(state, c.stream(), body)),
        Tag::PanelRatingGiven => change.with(|state, c, body| panel::evolve_rating(state, c.stream(), body)),
        Tag::PanelFeedbackGiven => {
            change.with(|state, c, body| panel::evolve_feedback(state, c.stream(), body))
        }
        Tag::DataQualityIssueRecorded => {
            change.with(|state, c, body| quality::evolve(state, c.stream(), body))
        }
        Tag::FiguresTabled => {
            change.with(|state, c, body| quality::evolve_tabled(state, c.param("body"), body));
        }
        _ => evolve_review(change, tag),
    }
}

fn evolve_review(change: Change<'_>, tag: Tag) {
    match tag {
        Tag::ReviewAssigned => change.review(|review, _, body| review::evolve_assigned(review, body)),
        Tag::ReviewCompleted => {
            change.review(|review, c, _: &scrutiny_proto::review::v1::ReviewCompleted| {
                review.completed = Some(*c.statement.id.as_bytes());
            })
        }
        Tag::FeedbackGiven => change.review(|review, _, body| review::evolve_feedback(review, body)),
        Tag::FeedbackAcknowledged => {
            change.review(|review, _, body| review::evolve_acknowledged(review, body))
        }
        Tag::ReviewRecused => {
            let keys = change.statement.signers.iter().filter_map(|s| change.state.keys.get(&s.key_id));
            let people: Vec<Pseudonym> = keys.flat_map(|key| key.pseudonyms.iter().copied()).collect();
            review::evolve_recused(change.state, change.statement.stream.as_str(), &people);
        }
        Tag::ConcernEscalated => {
            change.with(|state, c, body| review::evolve_escalated(state, c.stream(), body));
        }
        Tag::ReviewPeriodAdopted => change.with(|state, c, body| {
            review::evolve_period(state, c.param("body"), c.param("level"), body);
        }),
        _ => {}
    }
}
