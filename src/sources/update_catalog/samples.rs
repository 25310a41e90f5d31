//! Pages written for the tests, in the site's markup. The updates in them do not exist.

use std::fmt::Write as _;

/// An update of the made-up site.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) guid: &'static str,
    pub(crate) title: &'static str,
    pub(crate) products: &'static str,
    pub(crate) date: &'static str,
    pub(crate) replaced_by: Vec<(&'static str, &'static str)>,
    pub(crate) replaces: Vec<&'static str>,
}

fn shell(body: &str) -> String {
    format!(
        r##"

<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" dir="ltr" html lang="en">
<head>
    <meta charset="utf-8"/>
    <title>Microsoft Update Catalog</title>
    <!-- <script type="text/javascript">
	window.location.href = 'Error.aspx'  + '?id=' + Microsoft.UpdateServices.Catalog.Constants.ErrorScriptError;
</script> -->
</head>
<body id="ltr"><div class="noDisplay" id="outerDivID">
   <form method="post" action="./Search.aspx" id="aspnetForm">
   <div id="mainBoxMaster" ><table id="layoutTable" cellpadding="0" role="presentation"><tr style="height:90%" valign="top"><td>
   <a class="masterHomeLink" href="home.aspx"><div id="masterFormTitle" class="masterBodyTitle headerNavLink"><span id="ctl00_textTitleMaster">Microsoft<span class="titleTrademark">&reg;</span>Update Catalog</span></div></a>
   {body}
   </td></tr><tr><td><div id="footerBox"><div id="innerFooterBox"><span id="copyrightText">&copy; 2026</div></div></td></tr></table></div>
   <input type="hidden" id="updateIDs" name="updateIDs" />
   </form></div>
</body>
</html>
"##
    )
}

fn search(heading: &str, rest: &str) -> String {
    shell(&format!(
        r#"<div id="contentSection"><div class="textSubHeadingColor textBold" id="searchSubHeading">
            <table id="ctl00_catalogBody_ResultsHeaderTable" role="presentation">
	<tr>
		<td>
                        {heading}
                    </td>
	</tr>
</table></div>
    {rest}"#
    ))
}

/// A page of results, in the markup of 2023.
pub(crate) fn results(
    query: &str,
    rows: &[Made],
    (page, pages): (usize, usize),
    (first, all): (usize, usize),
) -> String {
    let next = if page < pages {
        r#"<a id="ctl00_catalogBody_nextPageLinkText" data-commandname="next" href="javascript:void(0);"><span>Next</span></a>"#
    } else {
        r#"<span class="contentTextItemSpacerNoBreakLink">Next</span><img src="Images/button_NextArrow_disabled.gif" id="ctl00_catalogBody_nextImage" alt="" />"#
    };
    let last = first + rows.len() - 1;
    let mut table = String::new();
    for (n, u) in rows.iter().enumerate() {
        let (g, r) = (u.guid, n + 3);
        let _ = write!(
            table,
            r#"</tr><tr id="{g}_R{r}">
		<td class="resultsbottomBorder resultspadding resultsIconWidth " id="{g}_C0_R{r}">
                    </td><td class="resultsbottomBorder resultspadding" id="{g}_C1_R{r}">
                        <a id='{g}_link' href= "javascript:void(0);" onclick='goToDetails("{g}");' class="contentTextItemSpacerNoBreakLink">
                            {}
                        </a>
                    </td><td class="resultsbottomBorder resultspadding" id="{g}_C2_R{r}">
                        {}
                    </td><td class="resultsbottomBorder resultspadding" id="{g}_C3_R{r}">
                        Security Updates
                    </td><td class="resultsbottomBorder resultspadding " id="{g}_C4_R{r}">
                        {}
                    </td><td class="resultsbottomBorder resultspadding" id="{g}_C5_R{r}">
                        n/a
                    </td><td class="resultsbottomBorder resultspadding resultsSizeWidth" id="{g}_C6_R{r}">
                       <span id="{g}_size">401.5 MB</span>
                       <span class="noDisplay" id="{g}_originalSize">420959465</span>
                    </td><td class="resultsbottomBorder resultsButtonWidth" id="{g}_C7_R{r}">
                            <input id="{g}" class="flatBlueButtonDownload focus-only" type="button" value='Download' />
                        </td>
	"#,
            u.title, u.products, u.date
        );
    }
    search(
        &format!(r#"<span id="ctl00_catalogBody_searchString">"{query}"</span>"#),
        &format!(
            r#"<table id="ctl00_catalogBody_navigationLinks" class="resultsNavigation"><tr><td>
            <span id="ctl00_catalogBody_labelUpdates_Separator">Updates:</span>
            <span id="ctl00_catalogBody_searchDuration">{first} - {last} of {all} (page {page} of {pages})</span><br /></td>
		<td valign="middle" class="textAlignRight"><span id="ctl00_catalogBody_nextPage">{next}</span></td></tr></table></div>
    <div id="tableContainer" class="resultsBackGround">
        <table class="resultsBorder resultsBackGround" rules="all" bordercolor="Gray" id="ctl00_catalogBody_updateMatches">
	<tr class="dataGridFixedHeader1" id="headerRow"><th id="header_C1"><a id="ctl00_catalogBody_updateMatches_ctl02_titleHeaderLink" href="javascript:void(0)"><span>Title</span><img src="x.gif" /></a></th>
	{table}</tr>
</table>
    </div>"#
        ),
    )
}

/// The search found nothing.
pub(crate) fn none(query: &str) -> String {
    search(
        &format!(
            r#"<span id="ctl00_catalogBody_noResultText">We did not find any results for </span>
               <span id="ctl00_catalogBody_searchString">"{query}"</span>"#
        ),
        r#"</div><div id="ctl00_catalogBody_noResults" class="noResultsSpacing"></div>
    <div id="tableContainer" class="resultsBackGround">

    </div>"#,
    )
}

/// The page of a search, without an answer.
pub(crate) fn unanswered() -> String {
    search(
        r#"<span id="ctl00_catalogBody_searchString">""</span>"#,
        r#"</div><div id="tableContainer" class="resultsBackGround">

    </div>"#,
    )
}

/// The site's page for a fault of its own.
pub(crate) fn fault(number: &str) -> String {
    shell(&format!(
        r#"<div id="errorPageDisplayedError" class="textContentPageBottomSpacer"><span id="ctl00_catalogBody_errorNumber">
        [Error number: {number}]</span></div>"#
    ))
}

/// The update is not there any more: what `Thanks.aspx?id=190` shows.
pub(crate) fn removed() -> String {
    shell(
        r#"<div id="ctl00_catalogBody_thanksNoUpdate" class="textTopTitlePadding">
        <div id="thanksNoUpdate_Title"><span id="ctl00_catalogBody_textNoUpdate">It is not to be found here.</span></div></div>"#,
    )
}

/// The home page, which the site serves instead of others at times.
pub(crate) fn home() -> String {
    shell(r#"<div id="homeContent"><span id="welcome">Welcome</span></div>"#)
}

/// The page of an update, in the markup of 2023; with `new`, what 2026 added.
pub(crate) fn details(u: &Made, new: bool) -> String {
    let g = u.guid;
    let by: String = match u.replaced_by[..] {
        [] => "\n                    n/a\n                ".to_owned(),
        _ => u
            .replaced_by
            .iter()
            .map(|(g, t)| {
                format!(
                    r#"
                            <div style="padding-bottom: 0.3em;">
                                <a href='ScopedViewInline.aspx?updateid={g}'>{t}</a>
                            </div>
                        "#
                )
            })
            .collect(),
    };
    let older: String = match u.replaces[..] {
        [] => "n/a".to_owned(),
        _ => u
            .replaces
            .iter()
            .map(|t| format!("<div style=\"padding-bottom: 0.3em;\">\n {t}\n </div>"))
            .collect(),
    };
    let kb: String = super::kb_of(u.title).map(|k| k.number().to_string()).unwrap_or("n/a".into());
    let id = if new {
        format!(
            r#"<div id="updateIdDiv"><span id="ScopedViewHandler_labelUpdateID_Separator" class="labelTitle">UpdateID:</span>
               <span id="ScopedViewHandler_UpdateID">{g}</span></div>"#
        )
    } else {
        String::new()
    };
    format!(
        r##"

<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" dir="ltr" html lang="en">
<head id="Head1"><meta charset="utf-8" /><title>
	Microsoft Update Catalog
</title></head>
<body class="mainBody" id="ltr">
    <form method="post" action="./ScopedViewInline.aspx?updateid={g}" id="scopedViewInline">
    <div class="textBottomSpacer labelTitle" id="titleDiv">
        <span id="ScopedViewHandler_titleText">{}</span>
    </div>
    <div id="dateDiv" class="textBottomSpacer">
        <span id="ScopedViewHandler_labelLastModified_Separator" class="labelTitle">Last Modified:</span>
        <span id="ScopedViewHandler_date">{}</span>
    </div>
    <div id="sizeDiv"><span class="labelTitle">Size:</span><span id="ScopedViewHandler_size">401.5 MB</span></div>
    {id}
    <div id="archDiv">
        <span id="ScopedViewHandler_labelArchitecture_Separator" class="labelTitle">Architecture:</span>
        n/a
    </div>
    <div id="classificationDiv">
        <span id="ScopedViewHandler_labelClassification_Separator" class="labelTitle">Classification:</span>

                Security Updates

    </div>
    <div id="productsDiv">
        <span id="ScopedViewHandler_labelSupportedProducts_Separator" class="labelTitle">Supported products:</span>

                {}

    </div>
    <div id="languagesDiv">
        <span id="ScopedViewHandler_labelSupportedLanguages_Separator" class="labelTitle">Supported languages:</span>
                all
    </div>
    <div id="msrcSeverityDiv">
        <span id="ScopedViewHandler_labelMSRCSeverity_Separator" class="labelTitle">MSRC severity:</span>
        <span id="ScopedViewHandler_msrcSeverity">Critical</span>
    </div>
    <div id="kbDiv" class="textDoubleSpacer">
        <span id="ScopedViewHandler_labelKBArticle_Separator" class="labelTitle">KB article numbers:</span>
                {kb}
    </div>
    <div id="supersededbyInfo">{by}</div>
    <div id="supersedesInfo">{older}</div>
    <div id="rebootBehaviorDiv">
        <span id="ScopedViewHandler_labelRebooBehavior_Separator" class="labelTitle">Restart behavior:</span>
        <span id="ScopedViewHandler_rebootBehavior">Can request restart</span>
    </div>
    </form>
</body>
</html>
"##,
        u.title, u.date, u.products
    )
}

/// The download dialog: for each file its name, SHA-1 and SHA-256 in base64.
pub(crate) fn dialog(guid: &str, title: &str, files: &[(&str, &str, &str)]) -> String {
    let mut script = format!(
        "    var downloadInformation = new Array();\ndownloadInformation[0] = new Object();\n\
         downloadInformation[0].updateID ='{guid}';\ndownloadInformation[0].isHotFix =false;\n\
         downloadInformation[0].enTitle ='{title}';\ndownloadInformation[0].files = new Array();\n"
    );
    for (i, (name, sha1, sha256)) in files.iter().enumerate() {
        let f = format!("downloadInformation[0].files[{i}]");
        let _ = write!(
            script,
            "{f} = new Object();\n{f}.url = 'https://catalog.s.download.windowsupdate.com/d/msdownload/update/software/secu/2026/01/{name}';\n\
             {f}.digest = '{sha1}';\n{f}.sha256 = '{sha256}';\n{f}.architectures = 'AMD64';\n{f}.languages = 'all';\n\
             {f}.longLanguages = 'all';\n{f}.fileName = '{name}';\n{f}.defaultFileNameLength = 141;\n"
        );
    }
    format!(
        "\n<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\">\n<head><title>\n\tDownload\n</title></head>\n<body>\n\
         <script type=\"text/javascript\">\n{script}var files = downloadInformation[0].files;\n</script>\n\
         <form method=\"post\" action=\"./DownloadDialog.aspx\" id=\"downloadDialog\"><div id=\"downloadFiles\"></div></form>\n</body>\n</html>\n"
    )
}
