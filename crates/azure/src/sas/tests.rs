//! Tests of SAS templates.

use super::{text::without_signature, *};

const GOOD: &str = "sv=2018-03-28&ss=bqtf&srt=sco&sp=rwdlacup&spr=https";

#[test]
fn a_template_is_read_in_every_form_it_is_found_in() -> Result<(), SasTemplateError> {
    for text in [
        GOOD.to_owned(),
        format!("?{GOOD}"),
        format!("https://stlogs.blob.core.windows.net/?{GOOD}"),
        format!("se=2020-01-01&st=2019-01-01&{GOOD}&sig=vAqV%2ByoR%3D"),
    ] {
        assert_eq!(SasTemplate::parse(&text)?.to_template_uri(), GOOD, "{text}");
    }
    Ok(())
}

#[test]
fn optional_parts_come_and_go() -> Result<(), SasTemplateError> {
    let check = |text: &str| -> Result<(), SasTemplateError> {
        assert_eq!(SasTemplate::parse(text)?.to_string(), text);
        Ok(())
    };
    check("sv=2015-04-05&ss=b&srt=s&sp=r")?;
    check("sv=2017-04-17&ss=q&srt=c&sp=rl&spr=https,http")?;
    check("sv=2018-03-28&ss=t&srt=o&sp=u&spr=https&sip=10.0.0.1")?;
    check("sv=2018-03-28&ss=t&srt=o&sp=u&sip=10.0.0.1-10.0.0.9")
}

#[test]
fn the_order_of_letters_does_not_matter() -> Result<(), SasTemplateError> {
    let check = |left: &str, right: &str, same: bool| -> Result<(), SasTemplateError> {
        let (left, right) = (SasTemplate::parse(left)?, SasTemplate::parse(right)?);
        assert_eq!(left.same_meaning(&right), same, "{left} {right}");
        assert_eq!(right.same_meaning(&left), same, "{right} {left}");
        Ok(())
    };
    check(
        GOOD,
        "sp=pucaldwr&sv=2018-03-28&srt=ocs&ss=ftqb&spr=https",
        true,
    )?;
    check(
        "sv=2018-03-28&ss=b&srt=s&sp=r",
        "sv=2018-03-28&ss=b&srt=s&sp=r&spr=https,http",
        true,
    )?;
    check(
        "sv=2018-03-28&ss=b&srt=s&sp=r",
        "sv=2018-03-28&ss=b&srt=s&sp=r&spr=https",
        false,
    )?;
    check(GOOD, &GOOD.replace("rwdlacup", "rl"), false)?;
    check(GOOD, &GOOD.replace("2018-03-28", "2017-11-09"), false)?;
    check(GOOD, &format!("{GOOD}&sip=10.0.0.1"), false)
}

#[test]
fn what_would_mint_dead_tokens_is_refused() {
    let check = |text: &str, expected: &str| {
        let error = SasTemplate::parse(text).expect_err(text);
        assert!(error.to_string().contains(expected), "{text}: {error}");
    };
    check("", "lacks `sv`");
    check("sv=2018-03-28&srt=s&sp=r", "lacks `ss`");
    check("sv=2018-03-28&ss=b&sp=r", "lacks `srt`");
    check("sv=2018-03-28&ss=b&srt=s", "lacks `sp`");
    check("sv=2018-03-28&ss=b&srt=s&sp=r&sr=b", "service token");
    check(
        "https://a.blob.core.windows.net/c?sp=r&sv=2018-03-28&sr=b&sig=x",
        "service token",
    );
    for version in [
        "2015-02-21",
        "2018-11-09",
        "2026-10-06",
        "2018-3-28",
        "newest",
        "2016-02-31",
    ] {
        check(&GOOD.replace("2018-03-28", version), version);
    }
    for letter in ["x", "y", "t", "f", "i", "R"] {
        check(
            &GOOD.replace("rwdlacup", letter),
            &format!("`{letter}` is not a permission"),
        );
    }
    check(&GOOD.replace("bqtf", "bz"), "`z` is not a service");
    check(&GOOD.replace("sco", "x"), "`x` is not a resource type");
    check(
        &GOOD.replace("spr=https", "spr=http"),
        "`http` is not a protocol",
    );
    check(&format!("{GOOD}&sip=10.0.0"), "`10.0.0` is neither");
    check(&format!("{GOOD}&sip=10.0.0.9-10.0.0.1"), "is neither");
    check(
        &format!("{GOOD}&ses=scope"),
        "does not know the template parameter `ses`",
    );
    check(&format!("{GOOD}&sp=r"), "`sp` is given twice");
}

#[test]
fn no_error_repeats_a_signature() {
    let error = SasTemplate::parse("sv=2018-11-09&ss=b&srt=s&sp=r&sig=canary").expect_err("newer");
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[test]
fn a_signature_is_taken_out_and_nothing_else() {
    let check = |text: &str, expected: &str| assert_eq!(without_signature(text), expected);
    check("sv=1&sig=x%2B&ss=b", "sv=1&ss=b");
    check("?sv=1&SIG=x", "?sv=1");
    check("https://a/c?sig=x&sp=r", "https://a/c?sp=r");
    check("sv=1&signed=x", "sv=1&signed=x");
    check("", "");
}
