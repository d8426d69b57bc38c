//! Management groups: which subscriptions are below one.

use serde::Deserialize;

use crate::{
    id::{ManagementGroupName, SubscriptionId},
    request::{List, Odd},
};

const API_VERSION: &str = "2020-05-01";

/// Is something below a management group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Descendant {
    /// A subscription.
    Subscription(SubscriptionId),
    /// Another management group, whose own descendants are in the list as well.
    Group(String),
}

/// Lists everything below a management group, at any depth.
pub fn descendants(group: &ManagementGroupName) -> List<Descendant> {
    let scope = format!("/providers/Microsoft.Management/managementGroups/{group}");
    List::new(
        super::target(&scope, &["descendants"], API_VERSION),
        |value| serde_json::from_value::<Wire>(value)?.into_descendant(),
    )
}

#[derive(Deserialize)]
struct Wire {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

impl Wire {
    fn into_descendant(self) -> Result<Descendant, Odd> {
        let last = self.kind.rsplit('/').next().unwrap_or_default();
        if last.eq_ignore_ascii_case("subscriptions") {
            return Ok(Descendant::Subscription(self.name.parse()?));
        }
        Ok(Descendant::Group(self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{SUBSCRIPTION, answered_list};

    #[tokio::test]
    async fn subscriptions_are_told_from_groups_and_an_odd_one_is_not_passed_over() {
        let group: ManagementGroupName = "mg-prod".parse().expect("a name");
        let body = format!(
            r#"{{"value":[
            {{"id":"/subscriptions/{SUBSCRIPTION}","type":"/subscriptions","name":"{SUBSCRIPTION}"}},
            {{"id":"g","type":"Microsoft.Management/managementGroups","name":"mg-child"}},
            {{"id":"/odd","type":"Microsoft.Management/managementGroups/subscriptions","name":"x"}}]}}"#
        );
        let listed = answered_list(descendants(&group), &body).await;
        let subscription = SUBSCRIPTION.parse().expect("an id");
        let items: Vec<_> = listed
            .into_iter()
            .map(crate::request::Listed::item)
            .collect();
        let child = Descendant::Group("mg-child".to_owned());
        let expected = [
            Some(Descendant::Subscription(subscription)),
            Some(child),
            None,
        ];
        assert_eq!(items, expected);
    }
}
