//! The life of secrets: each change is made of the object as it was, checked, and only then stored.

use serde_json::{Value, json};

use super::failure::Failure;
use super::patch::{Kind, json_patch, merge};
use super::valid::{check, normal, not_base64, text};
use super::{Objects, Stored, Writer, apply, fields, uid, written_time};
use crate::chance::Chance;

/// The letters of made-up names.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

impl Objects {
    /// Reads a secret.
    pub(crate) fn read(&self, namespace: &str, name: &str) -> Result<Value, Failure> {
        self.find(namespace, name).map(Stored::written)
    }

    /// Makes a secret.
    pub(crate) fn create(
        &mut self,
        namespace: &str,
        sent: &Value,
        writer: &Writer<'_>,
    ) -> Result<Value, Failure> {
        let mut object = normal(sent);
        let start = text(&object, "/metadata/generateName").to_owned();
        if text(&object, "/metadata/name").is_empty() && !start.is_empty() {
            let name = format!("{start}{}", self.suffix());
            put(&mut object, "/metadata", "name", json!(name));
        }
        let name = text(&object, "/metadata/name").to_owned();
        if self.secrets_of(namespace)?.contains_key(&name) {
            let message = format!("secrets \"{name}\" already exists");
            return Err(Failure::new(409, "AlreadyExists", message)
                .with(json!({"name": name, "kind": "secrets"})));
        }
        refuse_bad_data(&object)?;
        let mut managers = Vec::new();
        self.begin(namespace, &mut object, writer);
        check(&object, None)?;
        fields::after_update(&mut managers, writer.manager, None, &object, writer.now);
        self.store(namespace, &name, Stored { object, managers }, writer)
    }

    /// Puts a secret in the place of the one there is.
    pub(crate) fn replace(
        &mut self,
        namespace: &str,
        name: &str,
        sent: &Value,
        writer: &Writer<'_>,
    ) -> Result<Value, Failure> {
        check_name(sent, name)?;
        let live = self.find(namespace, name)?.clone();
        refuse_bad_data(&normal(sent))?;
        self.update(namespace, &live, sent, writer)
    }

    /// Changes a secret by a patch. An apply also makes one.
    pub(crate) fn patch(
        &mut self,
        namespace: &str,
        name: &str,
        (kind, sent): (Kind, &Value),
        writer: &Writer<'_>,
    ) -> Result<(Value, bool), Failure> {
        if kind == Kind::Apply {
            return self.apply(namespace, name, sent, writer);
        }
        let live = self.find(namespace, name)?.clone();
        let mut patched = live.object.clone();
        match kind {
            Kind::Json => json_patch(&mut patched, sent)?,
            _ => merge(&mut patched, sent),
        }
        refuse_bad_data(&normal(&patched))?;
        let written = self.update(namespace, &live, &patched, writer)?;
        Ok((written, false))
    }

    /// Deletes a secret, if it is the one that is meant.
    pub(crate) fn delete(
        &mut self,
        namespace: &str,
        name: &str,
        wanted: &Value,
        writer: &Writer<'_>,
    ) -> Result<Value, Failure> {
        let found = self.find(namespace, name)?.clone();
        for (what, member) in [("UID", "uid"), ("ResourceVersion", "resourceVersion")] {
            let wanted = text(wanted, &format!("/preconditions/{member}"));
            let held = found.metadata(member);
            if !wanted.is_empty() && wanted != held {
                return Err(Failure::precondition(name, what, wanted, held));
            }
        }
        if !writer.dry_run {
            self.secrets_of(namespace)?.remove(name);
            self.revision += 1;
            self.note(namespace, "DELETED", found.written());
        }
        Ok(json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": {"name": name, "kind": "secrets", "uid": found.metadata("uid")},
        }))
    }

    /// Applies a configuration. Says whether the secret was made by it.
    fn apply(
        &mut self,
        namespace: &str,
        name: &str,
        sent: &Value,
        writer: &Writer<'_>,
    ) -> Result<(Value, bool), Failure> {
        if writer.manager.is_empty() {
            let text = "Required value: is required for apply patch";
            let message = format!("PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: {text}");
            return Err(Failure::new(422, "Invalid", message).with(json!({
                "group": "meta.k8s.io",
                "kind": "PatchOptions",
                "causes": [{"reason": "FieldValueRequired", "message": text, "field": "fieldManager"}],
            })));
        }
        check_name(sent, name)?;
        self.secrets_of(namespace)?;
        let live = self.find(namespace, name).ok().cloned();
        let config = normal(sent);
        let mut next = apply::apply(live.as_ref(), &config, writer)?;
        if let Some(place) = not_base64(&config) {
            let message = format!(
                "failed to convert new object to proper version: unable to convert unstructured object to /v1, \
                 Kind=Secret: error decoding from json: illegal base64 data at input byte {place}"
            );
            return Err(Failure::new(500, "", message));
        }
        let mut object = normal(&next.object);
        if live.is_none() {
            put(&mut object, "/metadata", "name", json!(name));
            self.begin(namespace, &mut object, writer);
        }
        check(&object, live.as_ref().map(|live| &live.object))?;
        next.object = object;
        let written = self.store(namespace, name, next, writer)?;
        Ok((written, live.is_none()))
    }

    /// Replaces an object by one that a client has sent; what the server gives stays.
    fn update(
        &mut self,
        namespace: &str,
        live: &Stored,
        sent: &Value,
        writer: &Writer<'_>,
    ) -> Result<Value, Failure> {
        let name = live.metadata("name").to_owned();
        let mut object = normal(sent);
        let revision = text(&object, "/metadata/resourceVersion");
        if !revision.is_empty() && revision != live.metadata("resourceVersion") {
            return Err(Failure::modified(&name));
        }
        for given in [
            "name",
            "namespace",
            "uid",
            "resourceVersion",
            "creationTimestamp",
        ] {
            put(&mut object, "/metadata", given, json!(live.metadata(given)));
        }
        if text(&object, "/type").is_empty() {
            put(&mut object, "", "type", json!(text(&live.object, "/type")));
        }
        check(&object, Some(&live.object))?;
        let mut managers = live.managers.clone();
        let old = Some(&live.object);
        fields::after_update(&mut managers, writer.manager, old, &object, writer.now);
        self.store(namespace, &name, Stored { object, managers }, writer)
    }

    /// Gives a new object what the server gives.
    fn begin(&mut self, namespace: &str, object: &mut Value, writer: &Writer<'_>) {
        self.made += 1;
        let id = uid(&format!("{namespace}/{}", self.made));
        put(object, "/metadata", "namespace", json!(namespace));
        put(object, "/metadata", "uid", json!(id));
        let now = written_time(writer.now);
        put(object, "/metadata", "creationTimestamp", json!(now));
        if text(object, "/type").is_empty() {
            put(object, "", "type", json!("Opaque"));
        }
        if let Some(metadata) = object
            .pointer_mut("/metadata")
            .and_then(Value::as_object_mut)
        {
            metadata.remove("resourceVersion");
        }
    }

    /// Stores an object under a new revision, unless it is as it was or nothing is to be stored.
    fn store(
        &mut self,
        namespace: &str,
        name: &str,
        mut next: Stored,
        writer: &Writer<'_>,
    ) -> Result<Value, Failure> {
        let old = self.find(namespace, name).ok();
        if writer.dry_run || old == Some(&next) {
            return Ok(next.written());
        }
        let kind = if old.is_some() { "MODIFIED" } else { "ADDED" };
        self.revision += 1;
        let revision = json!(self.revision.to_string());
        put(&mut next.object, "/metadata", "resourceVersion", revision);
        let written = next.written();
        self.secrets_of(namespace)?.insert(name.to_owned(), next);
        self.note(namespace, kind, written.clone());
        Ok(written)
    }

    /// Makes up the end of a name.
    fn suffix(&self) -> String {
        let count = u64::try_from(LETTERS.len()).unwrap_or(1);
        let letter = |place: u64| {
            let at = Chance::of(self.made, place).below(count);
            let letter = usize::try_from(at).ok().and_then(|at| LETTERS.get(at));
            char::from(letter.copied().unwrap_or(b'x'))
        };
        (0..5).map(letter).collect()
    }
}

/// Refuses a body that is about another object than the address.
fn check_name(sent: &Value, name: &str) -> Result<(), Failure> {
    let given = text(sent, "/metadata/name");
    if given.is_empty() || given == name {
        return Ok(());
    }
    Err(Failure::bad_request(format!(
        "the name of the object ({given}) does not match the name on the URL ({name})"
    )))
}

/// Refuses data that is no Base64.
fn refuse_bad_data(object: &Value) -> Result<(), Failure> {
    let Some(place) = not_base64(object) else {
        return Ok(());
    };
    Err(Failure::bad_request(format!(
        "Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data at input byte {place}"
    )))
}

fn put(object: &mut Value, place: &str, name: &str, value: Value) {
    if let Some(members) = object.pointer_mut(place).and_then(Value::as_object_mut) {
        members.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(manager: &str, force: bool) -> Writer<'_> {
        Writer {
            manager,
            force,
            dry_run: false,
            now: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    fn apply(objects: &mut Objects, value: &str, writer: &Writer<'_>) -> Result<Value, Failure> {
        let config =
            json!({"metadata": {"name": "sas", "labels": {"app": "one"}}, "data": {"SAS": value}});
        let applied = objects.patch("default", "sas", (Kind::Apply, &config), writer);
        applied.map(|(written, _)| written)
    }

    fn owners(secret: &Value) -> Vec<(&str, bool)> {
        let managers = secret
            .pointer("/metadata/managedFields")
            .and_then(Value::as_array);
        let owns = |manager: &Value| manager.pointer("/fieldsV1/f:data/f:SAS").is_some();
        let managers = managers.into_iter().flatten();
        managers
            .map(|manager| (text(manager, "/manager"), owns(manager)))
            .collect()
    }

    #[test]
    fn an_apply_keeps_what_is_there_and_takes_from_others_only_by_force() {
        let mut objects = Objects::with_namespaces(["default"].into_iter());
        let first = apply(&mut objects, "b25l", &writer("one", false)).expect("made");
        let again = apply(&mut objects, "b25l", &writer("one", false)).expect("the same");
        assert_eq!(first, again, "also its revision");
        let refused = apply(&mut objects, "dHdv", &writer("two", false));
        let message = refused.expect_err("a conflict").message;
        assert_eq!(
            message,
            "Apply failed with 1 conflict: conflict with \"one\": .data.SAS"
        );
        assert_eq!(
            objects.read("default", "sas"),
            Ok(first),
            "nothing has changed"
        );
        let taken = apply(&mut objects, "dHdv", &writer("two", true)).expect("taken");
        assert_eq!(owners(&taken), [("one", false), ("two", true)]);
        assert_eq!(text(&taken, "/data/SAS"), "dHdv");
    }

    #[test]
    fn what_is_immutable_or_out_of_date_stays() {
        let mut objects = Objects::with_namespaces(["default"].into_iter());
        let sent = json!({"metadata": {"name": "a"}, "data": {"k": "eA=="}, "immutable": true});
        let made = objects
            .create("default", &sent, &writer("one", false))
            .expect("made");
        let change = json!({"data": {"k": "eQ=="}});
        let refused = objects.patch(
            "default",
            "a",
            (Kind::Merge, &change),
            &writer("one", false),
        );
        assert_eq!(refused.expect_err("immutable").code, 422);
        let old = json!({"metadata": {"name": "a", "resourceVersion": "0"}, "data": {"k": "eA=="}, "immutable": true});
        let refused = objects.replace("default", "a", &old, &writer("one", false));
        assert_eq!(refused.expect_err("out of date").code, 409);
        assert_eq!(objects.read("default", "a"), Ok(made));
    }
}
