//! The words about apps whose settings hold a key.

use std::collections::BTreeSet;

use azure::id::{StorageAccountId, SubscriptionId};
use engine::holders::Reach;
use serde::{Deserialize, Serialize};

use crate::config::places::Places;
use crate::plan_file::Text;

/// Which apps get the other key before theirs is renewed.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AppsArgs {
    /// Looks through the settings and connection strings of web and function apps and of their
    /// deployment slots; those that hold a key get the published one, and have the waiting time to
    /// start anew, before it is renewed.
    ///
    /// For that the keys are read and compared. No key is renewed while some app cannot be seen into.
    #[arg(long)]
    pub app_settings: bool,

    /// Looks through the apps of this subscription instead of that of the account; repeat it for more.
    #[arg(long = "apps-in", value_name = "ID")]
    pub apps_in: Vec<SubscriptionId>,

    /// Leaves out an app, given by its resource id, with its slots: somebody answers for it; repeat it
    /// for more.
    #[arg(long = "without-app", value_name = "ID")]
    pub without_app: Vec<String>,
}

/// Which apps are looked through, in a plan.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct AppTerms {
    /// The subscriptions; none stands for that of each account.
    subscriptions: Vec<Text<SubscriptionId>>,
    /// The ids of those that are left out.
    without: Vec<String>,
}

impl AppTerms {
    /// Puts together what the command line and the file say; `None` if apps are nobody's matter.
    pub(crate) fn new(args: &AppsArgs, places: &Places) -> Option<Self> {
        let says = args.app_settings || !args.apps_in.is_empty() || !args.without_app.is_empty();
        if !says && !places.app_settings {
            return None;
        }
        let of_file = places.apps_in.iter().cloned();
        let subscriptions = args.apps_in.iter().cloned().chain(of_file);
        let without = args.without_app.iter().chain(&places.without_app);
        Some(Self {
            subscriptions: subscriptions.map(Text).collect(),
            without: without.cloned().collect(),
        })
    }

    /// Says which apps are looked through for an account.
    pub(crate) fn reach(&self, account: &StorageAccountId) -> Reach {
        let own = || vec![account.subscription().clone()];
        let declared: Vec<_> = self.subscriptions.iter().map(|one| one.0.clone()).collect();
        let without = self.without.iter().map(|id| id.to_ascii_lowercase());
        Reach {
            subscriptions: if declared.is_empty() { own() } else { declared },
            without: without.collect::<BTreeSet<_>>(),
        }
    }
}
