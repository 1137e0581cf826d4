//! Referrals to the Independent Office for Police Conduct. A late one is recorded, and shown as late (INV-27).

use scrutiny_proto::conduct::v1::{InvestigationMode, ReferralGround, ReferralRecorded, ReferralStep};

use crate::case::Case;
use crate::civil;
use crate::conduct::{self, ConductCase};
use crate::refusal::{Code, Refusal, refuse};

pub(crate) fn decide(case: &Case<'_>) -> Result<(), Refusal> {
    let body: ReferralRecorded = case.body()?;
    conduct::open(case)?;
    let clear = civil::optional(&body.became_clear_on);
    let referred = civil::optional(&body.referred_on);
    case.not_in_future("became_clear_on", clear)?;
    case.not_in_future("referred_on", referred)?;
    let determined = body.step() == ReferralStep::Determined;
    if determined != (body.mode() != InvestigationMode::Unspecified) {
        return refuse(Code::Referral, "the mode of investigation is named exactly when it is determined");
    }
    if body.step() != ReferralStep::Made {
        return match referred {
            Some(day) => refuse(Code::Referral, format!("referred on {day} is for a referral that was made")),
            None => Ok(()),
        };
    }
    match (clear, referred) {
        (Some(clear), Some(referred)) if referred < clear => refuse(
            Code::DateOrder,
            format!("referred on {referred}, before it became clear that it must be, {clear}"),
        ),
        (Some(_), Some(_)) if body.ground() == ReferralGround::Unspecified => {
            refuse(Code::Referral, "a referral names its ground, or says that it is voluntary")
        }
        (Some(_), Some(_)) => Ok(()),
        _ => refuse(Code::Referral, "a referral has two days: when it became clear, and when it was made"),
    }
}

pub(crate) fn evolve(known: &mut ConductCase, body: &ReferralRecorded) {
    match body.mode() {
        InvestigationMode::Directed | InvestigationMode::Independent => known.under_complaints = true,
        // Once returned, it is what it was; a complaint was one before the referral, and stays one.
        InvestigationMode::Returned | InvestigationMode::Own | InvestigationMode::Unspecified => {}
    }
}
