//! The answers of a walk whose run did not come to its end.

use super::*;

/// What was answered is not asked again after a run that failed; after one that came to its end nothing is kept.
#[tokio::test]
async fn the_answers_of_a_run_that_failed_are_kept_for_the_next_start() {
    for fails in [true, false] {
        let walked = walk(Way::Make, LabRelease::default(), move |lab, _| {
            if fails {
                lab.cut_write(1, CutAt::BeforeActing);
                lab.stay_cut_after();
            }
        })
        .await;
        assert_eq!(walked.held.last().title == "It was not finished.", fails, "{}", walked.held.told());
        let kept = walked.stage.state().walk().unwrap();
        assert_eq!(kept.is_some(), fails, "{}", walked.held.told());
        assert_eq!(walked.held.told().contains("The answers are kept"), fails, "{}", walked.held.told());
        let password = walked.lab.user("root@pam").unwrap().password;
        assert!(kept.is_none_or(|kept| kept.contains("glassdome") && !kept.contains(&password)));
    }
}
