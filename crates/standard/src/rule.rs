//! The rules: what each objects to, in which items, and what to do about it. Where axe-core knows the same rule, it has the same name.

use crate::{html::Element, item::Both, page::Page};

#[derive(Debug)]
pub struct Rule {
    pub id: &'static str,
    /// Items that are not met where it finds something.
    pub fails: &'static [&'static str],
    /// Items for which what it finds has to be looked at.
    pub doubts: &'static [&'static str],
    pub what: Both,
    pub todo: Both,
}

/// Something a rule found.
#[derive(Debug, Clone)]
pub struct Finding {
    pub rule: &'static Rule,
    pub page: String,
    /// 0: the page as a whole.
    pub line: u64,
    pub excerpt: String,
    /// What exactly, in no language: a value, an address.
    pub detail: String,
}

#[derive(Debug, Default)]
pub struct Found {
    pub findings: Vec<Finding>,
}

impl Found {
    pub fn at(&mut self, rule: &'static Rule, page: &Page, element: Element<'_>, detail: impl Into<String>) {
        self.findings.push(Finding {
            rule,
            page: page.url.to_string(),
            line: element.line(),
            excerpt: element.excerpt(),
            detail: detail.into(),
        });
    }

    /// On a page as a whole.
    pub fn on(&mut self, rule: &'static Rule, page: &Page, detail: impl Into<String>) {
        self.near(rule, page.url.as_str(), 0, "", detail);
    }

    /// In a file of its own, such as a style sheet.
    pub fn near(
        &mut self,
        rule: &'static Rule,
        page: &str,
        line: u64,
        excerpt: &str,
        detail: impl Into<String>,
    ) {
        let excerpt = crate::html::cut(excerpt, 140);
        self.findings.push(Finding { rule, page: page.to_owned(), line, excerpt, detail: detail.into() });
    }
}

macro_rules! rules {
    ($($name:ident $id:literal [$($fails:literal)*] [$($doubts:literal)*] $ko:literal $en:literal $todo_ko:literal $todo_en:literal)*) => {
        $(pub static $name: Rule = Rule {
            id: $id,
            fails: &[$($fails),*],
            doubts: &[$($doubts),*],
            what: Both::new($ko, $en),
            todo: Both::new($todo_ko, $todo_en),
        };)*
        /// All of them.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    // Words for pictures
    IMAGE_ALT "image-alt" ["K5.1.1" "W1.1.1"] [] "그림에 대체 텍스트가 없습니다" "A picture has no text alternative"
        "alt를 적으세요. 꾸밈이면 alt=\"\"" "Write an alt; alt=\"\" for decoration"
    INPUT_IMAGE_ALT "input-image-alt" ["K5.1.1" "W1.1.1" "W4.1.2"] [] "그림 단추에 대체 텍스트가 없습니다" "A picture button has no text alternative"
        "단추가 하는 일을 alt에 적으세요" "Say in alt what the button does"
    AREA_ALT "area-alt" ["K5.1.1" "W1.1.1" "W2.4.4" "W4.1.2"] [] "이미지맵 영역에 대체 텍스트가 없습니다" "An area of an image map has no text alternative"
        "영역마다 alt를 적으세요" "Write an alt for each area"
    OBJECT_ALT "object-alt" ["K5.1.1" "W1.1.1"] [] "object에 대체 텍스트가 없습니다" "An object has no text alternative"
        "object 안에 글이나 aria-label을 두세요" "Put words or an aria-label into the object"
    ROLE_IMG_ALT "role-img-alt" ["K5.1.1" "W1.1.1"] [] "role=img인 요소에 이름이 없습니다" "An element with role=img has no name"
        "aria-label을 적으세요" "Write an aria-label"
    SVG_IMG_ALT "svg-img-alt" ["K5.1.1" "W1.1.1"] [] "role=img인 svg에 이름이 없습니다" "An svg with role=img has no name"
        "<title>이나 aria-label을 적으세요" "Write a <title> or an aria-label"
    ALT_SAYS_NOTHING "alt-says-nothing" [] ["K5.1.1" "W1.1.1"] "대체 텍스트가 파일 이름이거나 뜻이 없습니다" "A text alternative is a file name or says nothing"
        "그림이 전하는 뜻을 적으세요" "Say what the picture tells"
    // Media
    VIDEO_CAPTION "video-caption" [] ["K5.2.1" "W1.2.2"] "영상에 자막 트랙이 없습니다" "A video has no track of captions"
        "<track kind=captions>을 넣거나 영상 안에 자막이 있는지 보세요" "Add <track kind=captions>, or see that captions are in the picture"
    AUTOPLAY "no-autoplay-audio" ["K5.4.2" "W1.4.2"] [] "소리가 저절로 나고 멈출 수 없습니다" "Sound starts by itself and can't be stopped"
        "autoplay를 빼거나 muted와 controls를 넣으세요" "Drop autoplay, or add muted and controls"
    AUTOPLAY_STOPPABLE "autoplay-with-controls" [] ["K5.4.2" "W1.4.2"] "소리가 저절로 납니다" "Sound starts by itself"
        "autoplay를 빼거나 3초 안에 끝나는지 보세요" "Drop autoplay, or see that it ends within 3 seconds"
    MARQUEE "marquee" ["K6.2.2" "W2.2.2"] [] "흐르는 글(marquee)을 멈출 수 없습니다" "Running text (marquee) can't be stopped"
        "멈춘 글로 바꾸세요" "Use text that stands still"
    BLINK "blink" ["K6.2.2" "W2.2.2"] ["K6.3.1"] "깜빡이는 글(blink)이 있습니다" "Blinking text"
        "깜빡이지 않게 하세요" "Let it not blink"
    REFRESH "meta-refresh" ["K6.2.1" "W2.2.1"] [] "정한 시간이 지나면 페이지가 저절로 바뀝니다" "The page changes by itself after a time"
        "meta refresh를 빼고 단추나 서버의 이동으로 하세요" "Drop meta refresh; use a button or a redirect of the server"
    // Forms
    LABEL "label" ["K7.3.2" "W1.3.1" "W3.3.2" "W4.1.2"] [] "입력 칸에 레이블이 없습니다" "A field has no label"
        "<label for>로 이름을 붙이세요" "Name it with <label for>"
    SELECT_NAME "select-name" ["K7.3.2" "W1.3.1" "W3.3.2" "W4.1.2"] [] "고르는 칸에 레이블이 없습니다" "A select has no label"
        "<label for>로 이름을 붙이세요" "Name it with <label for>"
    PLACEHOLDER_LABEL "placeholder-label" ["K7.3.2"] ["W3.3.2"] "placeholder뿐이고 레이블이 없습니다" "Only a placeholder, no label"
        "늘 보이는 레이블을 두세요" "Give a label that stays"
    BUTTON_NAME "button-name" ["K7.3.2" "W4.1.2"] [] "단추에 이름이 없습니다" "A button has no name"
        "단추 안에 글을 적으세요" "Write words into the button"
    INPUT_BUTTON_NAME "input-button-name" ["K7.3.2" "W4.1.2"] [] "단추에 이름이 없습니다" "A button has no name"
        "value를 적으세요" "Write a value"
    GROUP_NAME "group-name" [] ["K7.3.2" "W1.3.1"] "고르는 단추들에 묶음 이름이 없습니다" "Radio buttons have no group name"
        "<fieldset>과 <legend>로 묶으세요" "Group them with <fieldset> and <legend>"
    AUTOCOMPLETE_VALID "autocomplete-valid" ["W1.3.5"] [] "autocomplete 값이 잘못되었습니다" "A wrong autocomplete value"
        "표준 이름(name, email, tel …)을 쓰세요" "Use a standard name (name, email, tel …)"
    AUTOCOMPLETE_MISSING "autocomplete-missing" [] ["W1.3.5" "K7.3.4" "W3.3.7"] "자기 정보를 적는 칸으로 보이는데 autocomplete가 없습니다" "A field that seems to be about oneself has no autocomplete"
        "자기 정보이면 autocomplete를 적으세요" "Write autocomplete if it is about oneself"
    PASTE_BLOCKED "paste-blocked" ["K7.3.3" "W3.3.8"] [] "붙여 넣기를 막습니다" "Pasting is blocked"
        "onpaste를 빼세요" "Drop onpaste"
    CAPTCHA "captcha" ["K7.3.3" "W3.3.8"] ["K5.1.1" "W1.1.1"] "눈으로만 풀 수 있는 그림 문자입니다" "A puzzle that only sight solves"
        "빼거나, 풀지 않아도 되는 길을 두세요" "Drop it, or give a way without a puzzle"
    CAPTCHA_OTHER "captcha-with-another-way" [] ["K7.3.3" "W3.3.8"] "그림 문자와 다른 방법이 있는 것 같습니다" "A puzzle, with what seems another way"
        "다른 방법이 외우기나 풀기 없이 되는지 보세요" "See that the other way needs no puzzle"
    // What happens unasked
    CHANGE_LEADS "change-leads" ["K7.2.1"] ["W3.2.2"] "고르기만 해도 다른 곳으로 갑니다" "Choosing alone leads elsewhere"
        "단추를 누를 때 가게 하세요" "Let a button lead there"
    FOCUS_LEADS "focus-leads" ["K7.2.1" "W3.2.1"] [] "초점만 받아도 다른 곳으로 가거나 창이 열립니다" "Focus alone leads elsewhere or opens a window"
        "누를 때 가게 하세요" "Let a press lead there"
    POPUP "popup" ["K7.2.1"] ["W3.2.1"] "페이지가 열리면 새 창이 저절로 열립니다" "A window opens by itself with the page"
        "새 창 대신 페이지 안에 알리세요" "Tell it within the page"
    FOCUS_REMOVED "focus-taken" ["K6.1.2" "W2.1.1" "W2.4.7"] [] "초점을 받자마자 잃습니다" "It loses the focus at once"
        "onfocus의 blur()를 빼세요" "Drop blur() from onfocus"
    // Structure
    DOCUMENT_TITLE "document-title" ["K6.4.2" "W2.4.2"] [] "페이지 제목이 없습니다" "The page has no title"
        "<title>을 적으세요" "Write a <title>"
    SAME_TITLE "same-title" [] ["K6.4.2" "W2.4.2"] "다른 페이지와 제목이 같습니다" "The title is that of another page"
        "페이지마다 그 내용을 말하는 제목을 쓰세요" "Let each title speak of its page"
    FRAME_TITLE "frame-title" ["K6.4.2" "W4.1.2"] [] "프레임에 제목이 없습니다" "A frame has no title"
        "title을 적으세요" "Write a title"
    EMPTY_HEADING "empty-heading" ["K6.4.2"] ["W1.3.1" "W2.4.6"] "빈 제목이 있습니다" "An empty heading"
        "글을 적거나 제목 태그를 빼세요" "Write words or drop the heading"
    HEADING_ORDER "heading-order" [] ["K6.4.2" "W1.3.1"] "제목 단계를 건너뜁니다" "Heading levels are skipped"
        "h1 다음에는 h2, 그다음 h3" "After h1 comes h2, then h3"
    NO_HEADING "no-h1" [] ["K6.4.2" "W1.3.1" "W2.4.6"] "h1이 없습니다" "There is no h1"
        "페이지의 제목을 h1으로" "Make the page's heading an h1"
    BYPASS "bypass" ["K6.4.1" "W2.4.1"] [] "반복되는 부분을 건너뛸 방법이 없습니다" "There is no way past repeated blocks"
        "맨 앞에 본문으로 가는 링크를 두세요" "Put a link to the content first"
    SKIP_MISSING "skip-missing" ["K6.4.1"] [] "맨 앞에 본문으로 가는 링크가 없습니다" "No link to the content comes first"
        "<body> 바로 다음에 <a href=\"#main\">본문 바로가기</a>" "Right after <body>: <a href=\"#main\">Skip to content</a>"
    SKIP_LINK "skip-link" ["K6.4.1" "W2.4.1"] [] "건너뛰기 링크의 목적지가 없습니다" "The skip link leads nowhere"
        "href의 id를 가진 요소를 두세요" "Let an element have the id in href"
    TABLE_HEADS "table-heads" ["K5.3.1" "W1.3.1"] [] "자료 표에 제목 칸(th)이 없습니다" "A table of data has no head cells (th)"
        "제목 칸을 <th scope>로" "Make head cells <th scope>"
    TABLE_LOOK "table-unclear" [] ["K5.3.1" "W1.3.1"] "표에 제목 칸(th)이 없습니다" "A table has no head cells (th)"
        "자료이면 <th>를, 배치이면 role=presentation을" "<th> for data, role=presentation for layout"
    TABLE_CAPTION "table-caption" [] ["K5.3.1"] "표에 제목(caption)이 없습니다" "A table has no caption"
        "<caption>을 적으세요" "Write a <caption>"
    HEADERS_ATTR "td-headers-attr" ["K5.3.1" "W1.3.1"] [] "headers가 같은 표에 없는 칸을 가리킵니다" "headers names a cell that isn't in the table"
        "그 표에 있는 th의 id를 쓰세요" "Use the id of a th in the same table"
    SCOPE_ATTR "scope-attr-valid" ["K5.3.1"] ["W1.3.1"] "scope 값이 잘못되었습니다" "A wrong value of scope"
        "row, col, rowgroup, colgroup 가운데 하나" "One of row, col, rowgroup, colgroup"
    LIST "list" ["W1.3.1"] ["K8.1.1"] "목록 안에 li 아닌 것이 있습니다" "A list holds something that is no li"
        "ul·ol 바로 아래에는 li만" "Only li right under ul and ol"
    LISTITEM "listitem" ["W1.3.1"] ["K8.1.1"] "li가 목록 밖에 있습니다" "An li is outside a list"
        "ul이나 ol로 감싸세요" "Wrap it in ul or ol"
    DUPLICATE_ID "duplicate-id" ["K8.1.1"] [] "id가 겹칩니다" "An id is there twice"
        "id를 하나만 쓰세요" "Use each id once"
    DUPLICATE_ATTRIBUTE "duplicate-attribute" ["K8.1.1"] [] "한 태그에 같은 속성이 두 번 있습니다" "A tag has an attribute twice"
        "하나만 남기세요" "Keep one"
    MARKUP "markup" ["K8.1.1"] [] "여는 태그와 닫는 태그가 맞지 않습니다" "Tags don't open and close as they should"
        "그 줄의 마크업을 고치세요" "Mend the markup of that line"
    // Links
    LINK_NAME "link-name" ["K6.4.3" "W2.4.4" "W4.1.2"] [] "링크에 이름이 없습니다" "A link has no name"
        "링크 안에 글을 적으세요" "Write words into the link"
    LINK_SAYS_NOTHING "link-says-nothing" [] ["K6.4.3" "W2.4.4"] "링크의 말이 어디로 가는지 말하지 않습니다" "The link's words don't say where it leads"
        "'여기' 대신 목적지를 쓰세요" "Name where it leads, not 'here'"
    // Keyboard and focus
    CLICK_ONLY "click-only" ["K6.1.1" "W2.1.1"] ["W4.1.2" "K8.2.1"] "마우스로만 누를 수 있습니다" "Only a mouse can press it"
        "<button>이나 <a href>로 바꾸세요" "Use <button> or <a href>"
    HOVER_ONLY "hover-only" [] ["K6.1.1" "W2.1.1" "W1.4.13"] "마우스를 올릴 때만 일어나는 일이 있습니다" "Something happens only on hover"
        "초점을 받을 때도 되게 하세요" "Let it happen on focus too"
    PRESS_ACTS "press-acts" [] ["K6.5.2" "W2.5.2"] "누르는 순간 실행됩니다" "It acts on press"
        "뗄 때(click) 실행하세요" "Act on release (click)"
    TABINDEX "tabindex" [] ["K6.1.2" "W2.4.3"] "tabindex가 0보다 큽니다" "tabindex is above 0"
        "tabindex를 빼고 순서대로 쓰세요" "Drop tabindex and write in order"
    ACCESSKEYS "accesskeys" [] ["K6.1.1" "W2.1.1"] "accesskey가 겹칩니다" "An accesskey is there twice"
        "글쇠마다 하나만" "One per key"
    OUTLINE "focus-outline" ["K6.1.2" "W2.4.7"] [] "초점 표시를 없앱니다" "The focus ring is removed"
        "outline:none을 빼거나 눈에 띄는 다른 표시를 하세요" "Drop outline:none or show focus another way"
    OUTLINE_SOMEWHERE "focus-outline-somewhere" [] ["K6.1.2" "W2.4.7"] "초점 표시를 없애는 규칙이 있습니다" "A rule removes the focus ring"
        "그 요소에 다른 초점 표시가 있는지 보세요" "See that focus is shown another way there"
    // Look
    VIEWPORT_ZOOM "meta-viewport" ["W1.4.4" "S6.1"] [] "화면 확대를 막습니다" "Zooming is forbidden"
        "user-scalable=no와 maximum-scale을 빼세요" "Drop user-scalable=no and maximum-scale"
    CONTRAST "color-contrast" ["K5.4.3" "W1.4.3"] [] "글자와 바탕의 대비가 낮습니다" "Text and background are too close"
        "4.5:1(큰 글자 3:1) 이상으로" "At least 4.5:1 (large text 3:1)"
    SPACING "avoid-inline-spacing" ["W1.4.12"] [] "글자 간격을 바꾸지 못하게 합니다" "Spacing of text can't be changed"
        "!important를 빼세요" "Drop !important"
    TARGET_SIZE "target-size" ["K6.1.3"] ["W2.5.8"] "누를 곳이 너무 작습니다" "A target is too small"
        "24×24px 이상으로" "At least 24×24 px"
    ORIENTATION "css-orientation-lock" [] ["W1.3.4"] "화면 방향에 따라 돌리는 규칙이 있습니다" "A rule turns the page with the screen"
        "방향을 묶지 마세요" "Don't lock the orientation"
    // Language
    HTML_LANG "html-has-lang" ["K7.1.1" "W3.1.1" "S5.1"] [] "페이지에 언어 표시가 없습니다" "The page names no language"
        "<html lang=\"ko\">" "<html lang=\"ko\">"
    HTML_LANG_VALID "html-lang-valid" ["K7.1.1" "W3.1.1"] [] "언어 표시가 잘못되었습니다" "The page's language is no language"
        "ko, en 같은 언어 부호를 쓰세요" "Use a code such as ko or en"
    LANG_MISMATCH "lang-mismatch" ["K7.1.1" "W3.1.1" "S5.1"] [] "글은 다른 언어로 되어 있습니다" "The words are in another language"
        "lang을 글에 맞추세요" "Let lang say what the words are"
    VALID_LANG "valid-lang" ["W3.1.2"] ["K7.1.1"] "부분의 언어 표시가 잘못되었습니다" "The language of a part is no language"
        "ko, en 같은 언어 부호를 쓰세요" "Use a code such as ko or en"
    PART_LANG "part-lang" ["W3.1.2"] [] "다른 언어로 된 부분에 lang이 없습니다" "A part in another language has no lang"
        "그 부분에 lang을 적으세요" "Write lang on that part"
    // ARIA
    ARIA_ROLES "aria-roles" ["K8.2.1" "W4.1.2"] [] "없는 role입니다" "There is no such role"
        "표준 role을 쓰거나 빼세요" "Use a standard role or none"
    ARIA_ATTR "aria-valid-attr" ["K8.2.1" "W4.1.2"] [] "없는 aria 속성입니다" "There is no such aria attribute"
        "철자를 고치세요" "Mend its spelling"
    ARIA_VALUE "aria-valid-attr-value" ["K8.2.1" "W4.1.2"] [] "aria 속성의 값이 잘못되었습니다" "An aria attribute has a wrong value"
        "있는 id나 정해진 값을 쓰세요" "Use an id that is there or a value that is allowed"
    ARIA_REFERENCE "aria-reference" [] ["K8.2.1" "W4.1.2"] "aria 속성이 없는 id나 값을 가리킵니다" "An aria attribute names an id or value that isn't there"
        "그 이름이 다른 데서 오는지 보세요" "See whether its name comes from elsewhere"
    ARIA_REQUIRED "aria-required-attr" ["K8.2.1" "W4.1.2"] [] "role에 꼭 있어야 할 속성이 없습니다" "The role lacks an attribute it must have"
        "그 속성을 적으세요" "Write that attribute"
    ARIA_HIDDEN_BODY "aria-hidden-body" ["K8.2.1" "W4.1.2"] [] "페이지 전체를 화면낭독기에서 숨깁니다" "The whole page is hidden from screen readers"
        "body의 aria-hidden을 빼세요" "Drop aria-hidden from body"
    ARIA_HIDDEN_FOCUS "aria-hidden-focus" ["K8.2.1" "W4.1.2"] ["K6.1.2"] "화면낭독기에서 숨긴 곳에 초점이 갑니다" "Focus goes to what is hidden from screen readers"
        "aria-hidden을 빼거나 tabindex=-1로" "Drop aria-hidden or set tabindex=-1"
    LABEL_MISMATCH "label-content-name-mismatch" ["K6.5.3" "W2.5.3"] [] "보이는 글이 이름에 들어 있지 않습니다" "The name doesn't contain what is seen"
        "aria-label을 빼거나 보이는 글로 시작하세요" "Drop aria-label or begin it with what is seen"
    NESTED "nested-interactive" ["W4.1.2"] ["K8.2.1"] "누를 것 안에 누를 것이 있습니다" "A control within a control"
        "하나씩 나란히 두세요" "Put them side by side"
    // Weight
    HEAVY "heavy" ["S1.1"] [] "첫 방문이 50 KB를 넘습니다" "The first visit is over 50 KB"
        "무게의 큰 것부터 줄이세요" "Begin with what weighs most"
    WEIGHT_UNKNOWN "weight-unknown" [] ["S1.1"] "크기를 알 수 없는 것이 있습니다" "Something's size is not known"
        "브라우저의 네트워크 도구로 보세요" "Look with the browser's network tool"
    // Plugins
    PLUGIN "plugin" ["S2.1"] [] "플러그인이 있어야 보입니다" "It needs a plugin"
        "HTML로 바꾸세요" "Use HTML"
    PLUGIN_SCRIPT "plugin-script" ["S2.1"] [] "ActiveX를 부르는 스크립트가 있습니다" "A script calls for ActiveX"
        "빼세요" "Drop it"
    INSTALL "install" ["S2.2"] [] "설치 프로그램을 내려받게 합니다" "It offers a program to install"
        "설치 없이 되게 하세요" "Let it work without installing"
    SECURITY_PROGRAM "security-program" ["S2.2"] [] "설치형 보안 프로그램을 부릅니다" "It calls for a security program to be installed"
        "설치 없는 인증으로 바꾸세요" "Use a sign-in that installs nothing"
    UNREAD_SCRIPT "unread-script" [] ["S2.1" "S2.2" "S3.1" "S3.2"] "읽지 못한 스크립트가 있습니다" "A script could not be read"
        "무엇을 하는지 보세요" "See what it does"
    // Third parties
    THIRD_PARTY "third-party" ["S3.1"] [] "다른 곳에 요청합니다" "It asks another host"
        "자기 서버에 두세요" "Serve it yourself"
    THIRD_POSSIBLE "third-possible" [] ["S3.1" "S3.2"] "스크립트가 다른 곳에 요청할 수 있습니다" "Scripts could ask other hosts"
        "connect-src·img-src 등을 'self'로 묶은 CSP를 보내거나, 네트워크 도구로 보세요" "Send a CSP of 'self', or look in the network tool"
    TRACKER "tracker" ["S3.2"] [] "추적기를 씁니다" "It uses a tracker"
        "빼거나 자기 서버의 통계로" "Drop it or count on your own server"
    // Scripts
    NO_CONTENT "no-content" ["S4.1"] [] "스크립트 없이는 내용이 없습니다" "Without scripts there is no content"
        "내용을 HTML로 보내세요" "Send the content as HTML"
    SCRIPT_DEMANDED "script-demanded" ["S4.1"] [] "스크립트를 켜라고 합니다" "It demands scripts"
        "스크립트 없이도 되게 하세요" "Let it work without"
    SCRIPT_LINK "script-link" ["S4.2"] [] "스크립트로만 되는 링크입니다" "A link that only scripts follow"
        "href에 주소를 적으세요" "Write an address into href"
    SCRIPT_BUTTON "script-button" ["S4.2"] [] "스크립트로만 되는 단추입니다" "A button that only scripts press"
        "양식의 보내기 단추나 링크로" "Use a form's submit button or a link"
    SCRIPT_FORM "script-form" ["S4.2"] [] "스크립트로만 보낼 수 있는 양식입니다" "A form that only scripts can send"
        "action과 보내기 단추를 두세요" "Give it an action and a submit button"
    // Language versions
    NO_KOREAN "no-korean" ["S5.1"] [] "한국어 페이지가 없습니다" "There is no Korean page"
        "한국어로도 내세요" "Offer it in Korean"
    NO_ENGLISH "no-english" ["S5.2"] [] "영어 판으로 가는 링크가 없습니다" "No link to an English version"
        "<a hreflang=\"en\" lang=\"en\">English</a>" "<a hreflang=\"en\" lang=\"en\">English</a>"
    CHARSET "charset" ["S5.3"] [] "글자 인코딩이 없거나 틀립니다" "The charset is missing or wrong"
        "UTF-8로 쓰고 그렇게 밝히세요" "Write UTF-8 and say so"
    // Phones
    NO_VIEWPORT "no-viewport" ["S6.1"] [] "휴대전화 화면 설정이 없습니다" "No viewport for phones"
        "<meta name=viewport content=\"width=device-width, initial-scale=1\">" "<meta name=viewport content=\"width=device-width, initial-scale=1\">"
    FIXED_WIDTH "fixed-width" ["S6.2" "W1.4.10"] [] "페이지 너비가 고정되어 있습니다" "The page's width is fixed"
        "max-width로 바꾸세요" "Use max-width"
    WIDE "wide" [] ["S6.2" "W1.4.10"] "좁은 화면보다 넓을 수 있습니다" "It may be wider than a narrow screen"
        "320px에서 보세요" "Look at 320 px"
    // Safety
    NOT_HTTPS "not-https" ["S7.1"] [] "HTTPS가 아닙니다" "It isn't HTTPS"
        "HTTPS로 내고 HTTP는 거기로 옮기세요" "Serve HTTPS and lead HTTP there"
    MIXED "mixed-content" ["S7.1"] [] "HTTPS 페이지가 HTTP로 받습니다" "An HTTPS page loads over HTTP"
        "https로 바꾸세요" "Use https"
    LOOPBACK "loopback" [] ["S7.1" "S7.2"] "이 컴퓨터 안의 주소라서 알 수 없습니다" "Can't be told for an address within this machine"
        "공개된 주소로 다시 점검하세요" "Check the public address"
    PLAIN_STAYS "plain-stays" ["S7.1"] [] "HTTP가 HTTPS로 이어지지 않습니다" "HTTP doesn't lead to HTTPS"
        "301로 옮기세요" "Redirect with 301"
    NO_HSTS "no-hsts" ["S7.2"] [] "HSTS가 없거나 반년보다 짧습니다" "HSTS is missing or shorter than half a year"
        "Strict-Transport-Security: max-age=31536000" "Strict-Transport-Security: max-age=31536000"
    NO_CSP "no-csp" ["S7.3"] [] "콘텐츠 보안 정책이 없습니다" "There is no Content Security Policy"
        "Content-Security-Policy: default-src 'self'" "Content-Security-Policy: default-src 'self'"
    WEAK_CSP "weak-csp" ["S7.3"] [] "콘텐츠 보안 정책이 스크립트를 막지 않습니다" "The Content Security Policy stops no script"
        "unsafe-inline, unsafe-eval, *를 빼세요" "Drop unsafe-inline, unsafe-eval and *"
    COOKIE "cookie" ["S7.4"] [] "쿠키에 Secure나 SameSite가 없습니다" "A cookie lacks Secure or SameSite"
        "Secure; HttpOnly; SameSite=Lax" "Secure; HttpOnly; SameSite=Lax"
    COOKIE_READABLE "cookie-readable" [] ["S7.4"] "스크립트가 읽을 수 있는 쿠키입니다" "Scripts can read a cookie"
        "로그인 쿠키이면 HttpOnly를" "HttpOnly if it is a session's"
    NO_NOSNIFF "no-nosniff" ["S7.4"] [] "X-Content-Type-Options가 없습니다" "X-Content-Type-Options is missing"
        "X-Content-Type-Options: nosniff" "X-Content-Type-Options: nosniff"
    FRAMEABLE "frameable" ["S7.4"] [] "다른 곳의 프레임에 넣을 수 있습니다" "Other sites can frame it"
        "frame-ancestors 'none'이나 'self'" "frame-ancestors 'none' or 'self'"
    // Official
    NO_OPERATOR "no-operator" ["S8.1"] [] "누가 운영하는지 나와 있지 않습니다" "It doesn't say who operates it"
        "머리나 꼬리에 운영 기관을 적으세요" "Name the operator at the top or the foot"
    OPERATOR_UNSEEN "operator-unseen" [] ["S8.1"] "누가 운영하는지 글에서는 찾지 못했습니다" "Who operates it was not found in words"
        "그림으로만 적혔는지 보고 글로도 적으세요" "See whether only a picture says it, and write it"
    NO_CONTACT "no-contact" ["S8.1"] [] "연락처가 없습니다" "There is no contact"
        "전화번호나 문의 링크를 두세요" "Give a telephone number or a contact link"
    NO_PRIVACY "no-privacy" ["S8.2"] [] "개인정보 처리방침 링크가 없습니다" "No link to a privacy policy"
        "개인정보 보호법 제30조: 처리방침을 공개하세요" "Personal Information Protection Act, article 30: publish the policy"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::List;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_speaks_of_items_that_are_there() {
        let keys: BTreeSet<&str> = [List::Kwcag, List::Wcag, List::Service]
            .into_iter()
            .flat_map(List::items)
            .map(|i| i.key)
            .collect();
        assert_eq!(keys.len(), 33 + 55 + 18);
        let mut ids = BTreeSet::new();
        for rule in RULES {
            assert!(ids.insert(rule.id), "{} is there twice", rule.id);
            assert!(!rule.fails.is_empty() || !rule.doubts.is_empty(), "{}", rule.id);
            for key in rule.fails.iter().chain(rule.doubts) {
                assert!(keys.contains(key), "{}: {key}", rule.id);
                assert!(!(rule.fails.contains(key) && rule.doubts.contains(key)), "{}: {key}", rule.id);
            }
        }
    }
}
