//! A case of professional standards.

use bytes::Bytes;
use scrutiny_proto::conduct::v1 as conduct;

use super::History;

impl History {
    pub(super) fn about_a_case(&mut self) -> Bytes {
        let stream = format!("psdcase/{:016x}", self.below(self.country.forces * 4));
        let day = self.day();
        match self.below(7) {
            0 => self.statement(
                "conduct",
                "AllegationReceived",
                &stream,
                &conduct::AllegationReceived { route: 2, ..Default::default() },
            ),
            1 => {
                let body = conduct::ReferralRecorded {
                    step: 3,
                    ground: 4,
                    became_clear_on: day,
                    referred_on: self.day(),
                    ..Default::default()
                };
                self.statement("conduct", "ReferralRecorded", &stream, &body)
            }
            2 => {
                let result = 1 + i32::try_from(self.below(3)).unwrap_or_default();
                self.statement(
                    "conduct",
                    "SeverityAssessed",
                    &stream,
                    &conduct::SeverityAssessed { result, ..Default::default() },
                )
            }
            3 => {
                let notice = 1 + i32::try_from(self.below(3)).unwrap_or_default();
                let body = conduct::CaseNoticeRecorded { notice, given_on: day, ..Default::default() };
                self.statement("conduct", "CaseNoticeRecorded", &stream, &body)
            }
            4 => {
                let body = conduct::InvestigationReported { submitted_on: day, ..Default::default() };
                self.statement("conduct", "InvestigationReported", &stream, &body)
            }
            5 => {
                let body = conduct::ListReported {
                    list: 1,
                    step: 1,
                    trigger_on: day,
                    done_on: self.day(),
                    ..Default::default()
                };
                self.statement("conduct", "ListReported", &stream, &body)
            }
            _ => {
                let disposal = 4 + i32::try_from(self.below(2)).unwrap_or_default();
                self.statement(
                    "conduct",
                    "CaseDisposed",
                    &stream,
                    &conduct::CaseDisposed { disposal, ..Default::default() },
                )
            }
        }
    }
}
