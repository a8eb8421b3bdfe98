home-title = My services
home-hello = Hello, { $name }.
home-ask = One question for you
home-turn = Your turn, { $name }
home-settles = This one answer settles up to { $count } services.
home-answer = Answer
home-later = I'll answer later
home-why = Why do we ask?
home-why-use = We use it only to find your services. You can delete it under “My data” at any time.
home-why-examples = Services that depend on it
home-three = Three worth your time now
home-three-text = Chosen by amount, deadline and what has newly become yours.
home-none = Nothing is settled yet
home-none-text = Answer the question above and services settle one by one.
home-all = We checked all { $count } public services
home-yes-text = See each with its reasons
home-unknown-text = Fewer with every question you answer
home-no-text = { $count } of them belong to other regions
home-coverage = What did we check?
home-going = In progress
home-going-none = You have no application in progress. Once you apply, you can follow it here.
home-until = by { $date }
home-box = Inbox
home-box-none = No messages yet. Results and notices arrive here.
home-looked = In the last 30 days { $units ->
    [1] one office
   *[other] { $units } offices
  } looked at your data { $times ->
    [1] once
   *[other] { $times } times
  }.
home-looked-last = Last: { $at }, { $who }.
home-looked-none = No office looked at your data in the last 30 days.
home-looked-see = See who looked at what, and why
home-tag-deadline = { $count ->
    [0] Closes today
    [1] Closes tomorrow
   *[other] { $count } days left
  }
home-tag-new = Newly yours
home-tag-always = Open all year
guidance-why-read = To find the services I qualify for
pays-month = Monthly
pays-year = Yearly
pays-once = Once
pays-none = { "" }

welcome-title = We tell you first what is yours
welcome-lede = We check all { $count } public services one by one and say whether each is yours, and why.
welcome-sign-in = Sign in and see my services
welcome-how = How it works
welcome-1 = We find them
welcome-1-text = We check all { $count } services against what government already knows. What we don't know we ask, one thing at a time.
welcome-2 = You apply without papers
welcome-2-text = We never ask again for what government holds. You get a receipt number and the legal due date at once.
welcome-3 = You see who looked
welcome-3-text = Every look at your data leaves a record of who, what and why, and the record can't be removed.

find-title = Find a service
find-title-for = Find “{ $q }”
find-label = Words to look for
find-example = e.g. 월세, 장학금, 취업
find-do = Find
find-all = We search { $count } services. The catalogue is in Korean; try one of these words.
find-petitions = File a petition, a report, a request for information or a permit
find-words = 월세, 생계, 임신, 장학금, 취업, 농업, 장애인, 이사
find-none = No service matches “{ $q }”
find-none-text = Try a shorter or a similar word, in Korean.
find-hits = { $count ->
    [1] One service
   *[other] { $count } services
  }
find-pages = Pages of results
find-range = { $start }–{ $last } of { $count }
find-filters = Filter
find-place = Area
find-place-all = Everywhere
find-place-near = Where I live
find-place-nation = The whole country
find-answer = For me
find-answer-all = Any answer
find-open = Applying
find-open-all = All
find-open-yes = Possible now
compare-title = Two services side by side
compare-pick = Pick to compare
compare-do = Compare the two
compare-back = Back to what was found
compare-two = Please pick two
compare-two-text = { $count ->
    [1] You picked one. Tick two of what was found and try again.
   *[other] You picked { $count }. Tick two of what was found and try again.
  }
compare-what = About
compare-unknown = Nothing known
compare-answer = For me
compare-gives = What it gives
compare-method = How to apply
compare-deadline = Apply by
compare-period = Time to decide
compare-area = Area
compare-agency = Who runs it
compare-field = Field

mine-title-yes = Services that are yours
mine-title-unknown = Services not yet known
mine-title-no = Services that are not yours
mine-field = Field
mine-field-all = All fields
mine-filter = Filter
mine-count = { $count ->
    [1] One service
   *[other] { $count } services
  }
mine-none = There is nothing here
mine-none-text = Choose another field or another answer.

service-apply-label = Apply
service-amount = You would receive
service-questions = { $count ->
    [1] 1 question, about a minute
   *[other] { $count } questions, about { $count } minutes
  }
service-days = { $days } days by law
service-hours = Within { $hours } working hours
service-file = Begin
service-apply = Apply
service-apply-save = You can save and come back later.
service-continue = Continue my application
service-follow = See where it stands
service-no-unit = This demonstration has no office for where you live, so you can't apply here. Your community centre takes applications.
service-sign-in = Sign in and see if it is mine
service-sign-in-text = You learn at once whether you qualify and what you would receive.
service-sign-in-file = Sign in and begin
service-other-page = The official page
service-deadline = Apply by
service-closed = closed on { $day }
home-median = 100 % of the standard median income is, each month: { $sizes }.
service-always = any time
service-gov24 = Apply on Gov24
service-gov24-text = The application for this service continues on Gov24 (in Korean).
service-gov24-page = See the Gov24 page (in Korean)
service-can = Do I qualify?
service-can-yes = Yes, it is yours
service-can-no = No, it is not yours
service-can-unknown = Not yet known
service-can-text-yes = You meet every condition below.
service-can-text-no = The conditions marked with a cross are not met.
service-can-text-unknown = What is marked with a triangle would settle it.
service-no-conditions = Open to everyone: the catalogue lists no condition such as age, region or income.
service-spoke-rules = Judged by the articles of the law in force today.
service-spoke-catalogue = Judged by the conditions in the Gov24 catalogue. The agency in charge decides.
service-spoke- = { "" }
service-wrong-value = Is a value wrong?
service-not-known = Not yet known
service-how-much = How much, and why?
service-calculation = How { $name } is worked out
service-paid-month = Paid each month
service-paid-year = Paid each year
service-paid-once = Paid once
service-paid-none = Amount
won-after = { " " }won
service-gives = What does it give?
service-need = What is needed?
service-held = Already held
service-held-text = With your consent we fetch it from the agencies. You hand in no papers.
service-asked = From you
service-long = How long does it take?
service-who = Who is responsible?
service-who-text = The agency in charge:
service-facts-only = This demonstration holds names and conditions only. Gov24 has the full description.
service-law = Law:
service-nationwide = Nationwide
service-text-summary = In one line
service-text-target = For whom
service-text-criteria = Criteria
service-text-content = What it gives
service-text-method = How to apply
service-text-deadline = When to apply
service-text-receiving_org = Where to apply
service-text-phone = Telephone
service-text-support_type = Kind of support
service-text-documents = Documents
service-text-law = Law
fact-unknown = There is no fact of this name. See GET /api/v1/facts for the names.
fact-boolean = Send true or false.
fact-number = Send a number.
fact-text = Send text: this is too long or has characters that can't be used.
fact-choice = This value can't be chosen. See GET /api/v1/facts for the choices.
fact-date = Write dates like 2026-11-23.
fact-list = Send a list.
fact-min = The value is too small. See GET /api/v1/facts for the bounds.
fact-max = The value is too large. See GET /api/v1/facts for the bounds.
fact-region = There is no such region. Write province and district as in “경기도 수원시”.
api-limit = limit is 20,000 at most.
service-course = See how it goes
service-bokjiro = See it on Bokjiro
service-bokjiro-text = The description and the application for this service are on Bokjiro (in Korean).
service-spoke-words = Bokjiro describes this service in words only, so its conditions were not judged. The agency in charge decides.
service-seems = Conditions read from the text
service-seems-text = The text seems to say this. What is not confirmed is not used to judge whether you qualify.
service-seems-open = not confirmed
service-seems-confirmed = confirmed by an official on { $day }
service-seems-from-target = For whom
service-seems-from-criteria = Criteria
service-seems-from-name = Name
service-seems-from-summary = In one line
service-seems-from-tags = Bokjiro's own label
service-also-bokjiro = What Bokjiro says
service-also-gov24 = What Gov24 says
service-sources = Where this comes from
service-source-gov24 = Gov24
service-source-bokjiro = Bokjiro
service-source-since = as it has been since { $day }
service-text-online_url = Online application
service-text-department = Department
service-text-provision = Form of support
service-text-cycle = How often
service-seems-confirm = Confirm this condition
service-seems-withdraw = Take the confirmation back
suggestion-wrong-confirmed = This condition is confirmed already. Open the service again.
suggestion-wrong-open = This condition is not confirmed. Open the service again.
