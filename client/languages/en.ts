/**
 * English: the language that all others are translated from. The format is ICU MessageFormat; the README says how to add a language.
 * Terms: a picture is an image that somebody asked for; a preview shows it unfinished; a session is one review of pictures.
 */
export default {
  // ——— the page around the review ———

  'page.title': 'Proofroom',
  'page.titleGenerating': 'Drawing … · Proofroom',
  'page.titleReview': 'Ready to decide · Proofroom',
  'page.titleWatched': 'In review · Proofroom',
  'page.titleTurn': '● {title}',
  'page.titleFinal': 'Approved · Proofroom',
  'page.titleDeclined': 'Declined · Proofroom',
  'page.titleEndedReview': 'Review ended · Proofroom',
  'page.titleEnded': '{title} · Proofroom',
  'page.description': 'Ask for a picture, look at it together, approve it or ask again.',
  'page.needsJavaScript': 'Proofroom needs JavaScript.',

  'notFound.title': 'Nothing here · Proofroom',
  'notFound.heading': 'There is nothing at this address',
  'notFound.text':
    'The link may have been cut off or mistyped, or what it led to is gone. Whoever sent it to you can copy it again from Share in their session.',
  'notFound.start': 'Start a new session',

  // ——— what stands in several places ———

  'common.close': 'Close',
  'common.cancel': 'Cancel',
  'common.copy': 'Copy',
  'common.copied': 'Copied',
  'common.approve': 'Approve',
  'common.approved': 'Approved',
  'common.startOver': 'Start over',
  'common.tryAgain': 'Try again',
  'common.onItsWay': 'On its way …',

  'copy.textCopied': 'Copied to the clipboard.',
  'copy.textFailed': 'Select the text and copy it.',
  'copy.imageCopied': 'The image is on the clipboard.',
  'copy.imageFailed': 'This browser does not let the page copy images here. Download it instead.',

  'number.kilobytes': '{count, number, ::unit/kilobyte unit-width-short .}',
  'number.megabytes': '{count, number, ::unit/megabyte unit-width-short .0}',
  'number.percent': '{share, number, ::percent}',
  'number.underOneSecond': 'under {seconds, number} s',
  'number.seconds': '{seconds, number} s',

  // ——— the bar at the top ———

  'bar.here': '{count, number} <unseen>here: </unseen>',
  'bar.changeName': '. Change your name',
  'bar.share': 'Share',
  'bar.viewers':
    '{reviewers, plural, one {# reviewer} other {# reviewers}}{watchers, plural, =0 {} other {, # watching}}',

  'language.label': 'Language',

  'connection.connecting': 'Connecting',
  'connection.online': 'Live',
  'connection.reconnecting': 'Reconnecting',
  'connection.serverBusy': 'The server is busy',
  'connection.tokenNeeded': 'Access token needed',
  'connection.sessionGone': 'Session is gone',
  'connection.sessionEnded': 'Session has ended',
  'connection.closed': 'Not connected',
  'connection.nextTry': '<long>, next try</long> in {seconds, number} s',

  // ——— the areas of the page ———

  'area.picture': 'Picture',
  'area.review': 'Review',
  'area.access': 'Access',
  'area.connection': 'Connection',
  'area.opening': 'Opening the session …',

  'missing.text':
    'A part of this page could not be loaded: the server may be out of reach, or have a newer page. If another try does not help, load the page again.',
  'missing.tryAgain': 'Try again',

  // ——— dialogs ———

  'people.title': 'People in this session',
  'people.you': '(you)',
  'people.watcher': 'Watcher {number, number}',
  'people.role.reviewer': 'Reviewer',
  'people.role.watcher': 'Watching',
  'people.role.unknown': 'Here',
  'people.looksAt': 'looks at No. {number, number}',
  'people.lookAtIt': '{count, plural, one {{names} looks at it.} other {{names} look at it.}}',
  'people.name': 'Your name',
  'people.nameHint': 'It stands beside what you decide. This browser remembers it.',
  'people.nameHintWatcher': 'The others see it, if you like. This browser remembers it.',
  'people.nameMissing': 'Write your name first.',
  'people.save': 'Save name',
  'people.invited': 'You are here by an invitation, which gave you your name.',
  'people.invitedUntil': 'It expires {when}.',

  'name.title': 'Who is deciding?',
  'name.text': 'Your name goes on record with your decision.',
  'name.remembered': 'This browser remembers it, so you are asked only once.',
  'name.goOn': 'Save and continue',
  'name.tooLate':
    'The picture has changed meanwhile, so your decision was not sent. Save your name, look again, and decide anew.',

  'share.title': 'Share this session',
  'share.peopleNow': '{viewers} now',
  'share.keptSooner': 'A server that runs short of memory may end it earlier.',
  'share.watchOnly': 'You came by the watch link, so that is the one you can pass on.',

  'link.reviewer': 'Review link',
  'link.reviewer.lets': 'Lets people do all that you can: ask for pictures, approve, start over.',
  'link.reviewer.copy': 'Copy review link',
  'link.reviewer.closed': 'Closed: no more reviewers can come.',
  'link.reviewer.new': 'New review link',
  'link.reviewer.replace': 'Replace review link',
  'link.reviewer.close': 'Close review link',
  'link.reviewer.close_link.title': 'Close the review link?',
  'link.reviewer.replace_link.title': 'Replace the review link?',
  'link.watcher': 'Watch link',
  'link.watcher.lets': 'Lets people follow live, without deciding.',
  'link.watcher.copy': 'Copy watch link',
  'link.watcher.closed': 'Closed: nobody can watch.',
  'link.watcher.new': 'New watch link',
  'link.watcher.replace': 'Replace watch link',
  'link.watcher.close': 'Close watch link',
  'link.watcher.close_link.title': 'Close the watch link?',
  'link.watcher.replace_link.title': 'Replace the watch link?',
  'link.isNew': 'This link is new.',
  'link.worksNoLonger': 'The one that you came by works no longer. Whoever opened the session can give you another.',
  'link.replace': 'Replace',
  'link.keep': 'Keep the link',
  'link.close_link.text': 'It stops working for good.',
  'link.close_link.confirm': 'Close link',
  'link.replace_link.text': 'You get a new link, and this one stops working for good.',
  'link.replace_link.confirm': 'Replace link',
  'link.reviewersStay': 'Reviewers who are in the session stay in it.',
  'link.watchersLeave':
    '{count, plural, =0 {Nobody watches at the moment.} one {The one person who watches now leaves the session.} other {The # people who watch now leave the session.}}',

  'invite.title': 'Invite by name',
  'invite.text':
    'Each invitation is a link for one person, who decides under this name. Where several have to agree, only you and the people you invite count.',
  'invite.name': 'Name',
  'invite.nameMissing': 'Write the name first.',
  'invite.role': 'Role',
  'invite.role.reviewer': 'Reviewer',
  'invite.role.watcher': 'Watcher',
  'invite.lasts': 'Expires',
  'invite.lasts.session': 'Never',
  'invite.lasts.hours': 'After {hours, number, ::unit/hour unit-width-full-name}',
  'invite.lasts.days': 'After {days, number, ::unit/day unit-width-full-name}',
  'invite.send': 'Invite',
  'invite.made': 'The link for {name} is ready: copy it and send it.',
  'invite.list': 'Invitations',
  'invite.linkFor': 'Link for {name}',
  'invite.copy': 'Copy the link for {name}',
  'invite.state.unused': 'not used yet',
  'invite.state.here': 'here now',
  'invite.state.used': 'was here',
  'invite.state.revoked': 'revoked',
  'invite.state.expired': 'expired',
  'invite.expires': 'expires {when}',

  'revoke.open': 'Revoke',
  'revoke.openFor': 'Revoke the invitation of {name}',
  'revoke.title': 'Revoke the invitation of {name}?',
  'revoke.text':
    '{here, select, yes {{name} leaves the session at once, and the link stops working for good.} other {The link stops working for good.}} What {name} has decided stays on record. It counts no more, unless the review has ended.',
  'revoke.keep': 'Keep the invitation',
  'revoke.confirm': 'Revoke it',

  'turnOut.open': 'Turn out',
  'turnOut.openFor': 'Turn out {name}',
  'turnOut.title': 'Turn {name} out?',
  'turnOut.text':
    '{name} leaves the session at once. What {name} has decided stays on record. It counts no more, unless the review has ended. Whoever has an open link can come again by it as somebody new: replace that link as well.',
  'turnOut.keep': 'Let them stay',
  'turnOut.confirm': 'Turn out',

  'kept.for':
    'This session is kept for {unit, select, day {{count, number, ::unit/day unit-width-full-name}} hour {{count, number, ::unit/hour unit-width-full-name}} other {{count, number, ::unit/minute unit-width-full-name}}} after the last person has left.',
  'kept.until': 'If everybody left now, that would be until {when}.',

  'endSession.open': 'End session for everybody …',
  'endSession.title': 'End the session for everybody?',
  'endSession.text':
    "{others, plural, =0 {You leave it} one {You and # other leave it} other {You and # others leave it}}, what is being drawn stops, and the pictures are gone from the server. Save first what is still needed: this can't be undone.",
  'endSession.keep': 'Keep the session',
  'endSession.confirm': 'End the session',

  'startOver.title': 'Start over?',
  'startOver.keep': '{count, plural, one {Keep the picture} other {Keep the pictures}}',
  'startOver.approved':
    '{count, plural, one {The picture is approved. Starting over takes it from everybody in this session: save it first where it is still needed.} other {One of these # pictures is approved. Starting over takes all of them from everybody in this session: save first what is still needed.}}',
  'startOver.notApproved':
    "{count, plural, one {This picture isn't approved. Starting over removes it and the prompt, for everybody in this session.} other {None of these # pictures is approved. Starting over removes all of them and the prompt, for everybody in this session.}}",

  'notify.me': 'Notify me when it is my turn',
  'notify.blocked': 'Your browser blocks notifications from this page',
  'notify.decision': 'A picture waits for your decision.',
  'notify.prompt': 'The drawing brought no picture.',

  'shortcuts.title': 'Keyboard shortcuts',
  'shortcuts.approve': 'Approve the picture in view',
  'shortcuts.request_changes': 'Request changes to it',
  'shortcuts.regenerate': 'Regenerate',
  'shortcuts.compare': 'Compare',
  'shortcuts.next': 'Next picture',
  'shortcuts.previous': 'Previous picture',
  'shortcuts.help': 'Show these shortcuts',
  'shortcuts.typing': 'They do nothing while you type.',
  'shortcuts.on': 'Use these shortcuts',

  'token.title': 'This server asks for a token',
  'token.lead': 'Whoever runs it can tell you. People with a link to a session need none.',
  'token.label': 'Access token',
  'token.refused': 'The server did not accept that token. Check it and try again.',
  'token.continue': 'Continue',

  // ——— notices ———

  'demo.text':
    '<strong>Demo.</strong> A built-in painter draws these pictures, not a model. For real ones, set <code>OPENAI_API_KEY</code> and restart the server.',

  'ended.session_gone': 'This session is gone',
  'ended.session_gone.text':
    'The server does not have it: it was idle for too long, a reviewer ended it, the server was restarted, or the link is incomplete.',
  'ended.not_allowed': 'This link does not let you in',
  'ended.not_allowed.text': 'Ask whoever sent it for a fresh one, or start a session of your own.',
  'ended.link_closed': 'This watch link was closed by a reviewer',
  'ended.link_closed.text': 'Ask for a new one, or start a session of your own.',
  'ended.revoked': 'Your access to this session was revoked',
  'ended.revoked.text':
    'Whoever opened it has revoked your invitation, or turned you out. You can start a session of your own.',
  'ended.invitation_expired': 'This invitation has expired',
  'ended.invitation_expired.text': 'Ask whoever sent it for another one, or start a session of your own.',
  'ended.session_ended': 'A reviewer ended this session',
  'ended.session_ended.text': 'It is over for everybody, and its pictures are gone from the server.',
  'ended.misuse': 'The server ended the connection',
  'ended.misuse.text':
    'It could not make sense of a message from this page. Reload the page, and it should work again.',
  'ended.too_big': 'Something on the way takes only small messages',
  'ended.too_big.text':
    'A proxy or relay between this page and the server refuses what the session needs. Whoever runs it has to raise its limit for the size of WebSocket messages.',
  'ended.blocked': 'This page may not connect to the server',
  'ended.blocked.text':
    "A page that is served over https can't open an unencrypted connection. The owner of this site has to reach the Proofroom server over https, too.",
  'ended.blocked_by_policy': 'This page may not connect to the server',
  'ended.blocked_by_policy.text':
    "The site's Content-Security-Policy does not allow it. The owner of this site has to add the Proofroom server to connect-src.",
  'ended.keeps': 'What you see stays on this page until you leave it.',
  'ended.newSession': 'Start a new session',
  'ended.samePrompt': 'New session, same prompt',
  'ended.reconnect': 'Connect again',

  'obstacle.unreachable': 'The server does not answer',
  'obstacle.unreachable.text': 'This device may be offline, or its network lets nothing through to the server.',
  'obstacle.sign_in': 'You have to sign in again',
  'obstacle.sign_in.text':
    'Somebody before the server lets in only people who have signed in. Do that in another tab; this page then goes on by itself.',
  'obstacle.server_away': 'The server is away',
  'obstacle.server_away.text': 'It is being restarted, or a proxy before it does not reach it.',
  'obstacle.another_site': 'Something else answers at the server’s address',
  'obstacle.another_site.text':
    'That may be a page to sign in: open it to see. If it is not, the address is wrong, or Proofroom no longer runs there.',
  'obstacle.foreign_page': 'The server does not answer this page',
  'obstacle.foreign_page.text':
    'Its owner has to add the address of this site to PROOFROOM_ALLOWED_ORIGINS. Or it asks people to sign in first: open it to see.',
  'obstacle.no_websocket': 'No WebSocket gets through',
  'obstacle.no_websocket.text':
    'The server answers, but a proxy on the way drops WebSockets: it has to pass on Upgrade, Connection and Host. The server’s log says more.',
  'obstacle.goesOn': 'This page goes on trying.',
  'obstacle.signInLink': 'Sign in in a new tab',
  'obstacle.openLink': 'Open it in a new tab',

  'error.title': 'No picture this time',

  'reject.dismiss': 'Dismiss',
  'reject.tooLateToCancel': 'It was too late to cancel: the drawing had ended.',
  'reject.invalid_message': 'The server did not understand this page. Reload it, and try again.',
  'reject.not_joined': 'The session was not open yet. Try again.',
  'reject.session_not_found':
    'This session is gone: a reviewer ended it, the server was restarted, or nobody was here for a while.',
  'reject.rate_limited': 'That was too much at once. Wait a moment and try again.',
  'reject.not_allowed': 'You may not do this: the link, the key or the access token does not permit it.',
  'reject.link_closed': 'This watch link was closed by a reviewer. Ask for a new one.',
  'reject.revoked': 'Your access to this session was revoked by whoever opened it.',
  'reject.invitation_expired': 'This invitation has expired. Ask whoever sent it for another one.',
  'reject.prompt_empty': 'Write a prompt first.',
  'reject.prompt_too_long': 'The text is too long.',
  'reject.name_invalid': 'This name is empty, too long, or one that this page itself calls people.',
  'reject.stale': 'The session has moved on since you looked at it.',
  'reject.wrong_stage': 'That is not possible at this stage.',
  'reject.image_not_found': 'This image is no longer in the session.',
  'reject.decision_not_found': 'There is no such decision in this session.',
  'reject.participant_not_found': 'There is no such person or invitation in this session.',
  'reject.image_in_use': 'This picture can’t be removed: somebody has decided about it, or has it open.',
  'reject.attempts_full': 'There is no room for more pictures in this session. Remove some first.',
  'reject.invitations_full': 'This session has as many invitations as it may have.',
  'reject.record_full': 'The record of this session is full: no further decision can be recorded.',
  'reject.server_busy': 'The server is full at the moment. Try again in a little while.',
  'reject.budget_exhausted': 'Today’s budget of this server is used up. Whoever runs the server can raise it.',
  'reject.closed': 'The connection ended before the server answered.',
  'reject.internal_error': 'Something went wrong on the server. Look at the session again before you try once more.',

  'rejectDetail.too_many_pictures':
    'Too many pictures were asked for {where, select, session {in this session} address {from your address} other {on this server}} within a minute. Ask again in {seconds, number, ::unit/second unit-width-full-name}.',
  'rejectDetail.fewer_pictures':
    'Too many pictures were asked for {where, select, session {in this session} address {from your address} other {on this server}} within a minute. Ask for fewer at once.',
  'rejectDetail.too_many_waiting':
    'Too many pictures already wait {where, select, session {in this session} other {for people at your address}}. Ask again when some of them are done.',
  'rejectDetail.budget_low':
    'Today’s budget of this server is enough for {pictures, plural, one {one more picture} other {# more pictures}} only. There is a new budget in {hours, plural, =1 {less than an hour} other {less than # hours}}, at midnight UTC; whoever runs the server can raise it.',
  'rejectDetail.expiry_past': 'The invitation would have expired already. Choose a later time.',
  'rejectDetail.budget_used':
    'Today’s budget of this server is used up. There is a new budget in {hours, plural, =1 {less than an hour} other {less than # hours}}, at midnight UTC; whoever runs the server can raise it.',

  'wait.sendsIn': 'Sends it again in {time}.',
  'wait.start': 'Wait {time}, then send',
  'wait.stop': 'Stop waiting',

  'unfinished.cancelled': '{who, select, you {You} somebody {Somebody} other {<person>{name}</person>}} cancelled it.',
  'unfinished.cancelledBecause':
    '{who, select, you {You} somebody {Somebody} other {<person>{name}</person>}} cancelled it: “{reason}”',
  'unfinished.finishedBefore':
    '{finished, plural, one {# of {candidates, number} pictures was finished before that.} other {# of {candidates, number} pictures were finished before that.}}',
  'unfinished.failed': '{failed, number} of {candidates, plural, one {# picture} other {# pictures}} failed',
  'unfinished.failedBecause': '{count, plural, one {# picture} other {# pictures}}: <text>{reason}</text>',
  'unfinished.add': 'Add to the prompt',
  'unfinished.added': 'Added to the prompt',
  'unfinished.retry': '{count, plural, one {Try that one again} other {Try those # again}}',

  // ——— who did what ———

  'action.justNow': 'just now',
  'action.generate': '<person>{name}</person> asked for a picture.',
  'action.regenerate': '<person>{name}</person> asked for another picture.',
  'action.refine': '<person>{name}</person> asked for a change.',
  'action.approve': '<person>{name}</person> approved this image.',
  'action.request_changes': '<person>{name}</person> requested changes.',
  'action.decline': '<person>{name}</person> ended the review without a picture.',
  'action.withdraw': '<person>{name}</person> withdrew a decision.',
  'action.cancel': '<person>{name}</person> cancelled the drawing.',
  'action.start_over': '<person>{name}</person> started over.',
  'action.unknown': '<person>{name}</person> changed something.',
  'actionAgo.generate': '{who, select, you {You} other {{name}}} asked for a picture {ago}.',
  'actionAgo.regenerate': '{who, select, you {You} other {{name}}} asked for another picture {ago}.',
  'actionAgo.refine': '{who, select, you {You} other {{name}}} asked for a change {ago}.',
  'actionAgo.approve': '{who, select, you {You} other {{name}}} approved this image {ago}.',
  'actionAgo.request_changes': '{who, select, you {You} other {{name}}} requested changes {ago}.',
  'actionAgo.decline': '{who, select, you {You} other {{name}}} ended the review without a picture {ago}.',
  'actionAgo.withdraw': '{who, select, you {You} other {{name}}} withdrew a decision {ago}.',
  'actionAgo.cancel': '{who, select, you {You} other {{name}}} cancelled the drawing {ago}.',
  'actionAgo.start_over': '{who, select, you {You} other {{name}}} started over {ago}.',
  'actionAgo.unknown': '{who, select, you {You} other {{name}}} changed something {ago}.',

  'lost.approve': 'Your approval of No. {number, number} did not count: {reason}',
  'lost.request_changes': 'Your request for changes to No. {number, number} did not count: {reason}',
  'lost.decline': 'Your decline of No. {number, number} did not count: {reason}',
  'lostTo.generate': '{who, select, you {you} other {{name}}} asked for a picture.',
  'lostTo.regenerate': '{who, select, you {you} other {{name}}} asked for another picture.',
  'lostTo.refine': '{who, select, you {you} other {{name}}} asked for a change.',
  'lostTo.approve':
    '{who, select, you {you} other {{name}}} approved {number, plural, =0 {another picture} other {No. #}}.',
  'lostTo.request_changes':
    '{who, select, you {you} other {{name}}} asked for changes to {number, plural, =0 {a picture} other {No. #}}.',
  'lostTo.decline': '{who, select, you {you} other {{name}}} ended the review without a picture.',
  'lostTo.withdraw': '{who, select, you {you} other {{name}}} withdrew a decision.',
  'lostTo.cancel': '{who, select, you {you} other {{name}}} cancelled the drawing.',
  'lostTo.start_over': '{who, select, you {you} other {{name}}} started over.',
  'lostTo.unknown': '{who, select, you {you} other {{name}}} changed something.',
  'lostTo.discard': '{name} discarded it.',
  'lostTo.gone': 'the picture is no longer in the session.',

  // ——— a stage ———

  'stage.unknown': 'Unknown stage',
  'stage.unknown.text':
    'This session is at a stage that this page does not know. Reload the page to get its newest version.',

  'watch.title': 'You are watching',
  'watch.initial_input': 'Nobody has asked for a picture yet. It will show here by itself.',
  'watch.generating': 'The picture shows here while it is drawn.',
  'watch.user_feedback': 'The reviewers are deciding on this picture.',
  'watch.toDecide': 'To decide with them, ask for the review link.',
  'watch.unknownRole': 'This page does not know your role here. Reload the page to get its newest version.',
  'watch.draft': 'The prompt, as it is being written',

  'decision.question': 'Is this the picture?',
  'decision.which': 'Which of them?',
  'decision.whichHint': 'Approve one of them, or open one to look closer or to change it.',

  'decision.youApproved': 'You have approved it',
  'decision.notCounted':
    'Your decisions go on record. Your approval does not count here: only those of whoever opened the session, and of invited reviewers, do.',
  'decision.addNote': 'Add a note',
  'decision.note': 'Note on your approval',
  'decision.notePlaceholder': 'Optional: why, or what to watch for',
  'decision.requestChanges': 'Request changes',
  'decision.requestChangesOf': 'Request changes to No. {number, number}',
  'decision.changes': 'Changes to ask for in No. {number, number}',
  'decision.changesPlaceholder': 'The boat is too large',
  'decision.changesHint': 'Your words stay on the picture for everybody here, and are offered for the next refinement.',
  'decision.changesEmpty': 'Say what should change first.',
  'decision.reasonEmpty': 'Say why first.',
  'decision.keepOpen': 'Not now',
  'decision.decline': 'Decline …',
  'decision.undo': 'Undo',
  'decision.withdraw': 'Withdraw',

  'decisions.title': 'Decisions about this picture',
  'decisions.approved': '{who, select, you {You} other {<person>{name}</person>}} approved it',
  'decisions.changes_requested': '{who, select, you {You} other {<person>{name}</person>}} asked for changes',
  'decisions.declined': '{who, select, you {You} other {<person>{name}</person>}} declined',
  'decisions.unknown': '{who, select, you {You} other {<person>{name}</person>}} decided',
  'decisions.withdrawn': 'Withdrawn',

  'held.title': 'Not in review now',
  'held.discarded': 'You can decide about it once it is restored.',
  'held.gone': 'The session does not have it any more, so nobody can decide about it.',

  'happened.discarded': '<person>{name}</person> discarded No. {number, number}, which you have open.',
  'happened.startedOver':
    '<person>{name}</person> started over. No. {number, number}, which you have open, is no longer in the session.',
  'happened.removed': 'No. {number, number}, which you have open, was removed from the session.',
  'happened.leave': 'Go on without it',
  'happened.clickLost': 'That click did not count: {reason}',
  'happened.clickIgnored': 'That click did not count: the picture had only just come into view.',

  'makeRoom.title': 'Make room for what comes next?',
  'makeRoom.full': 'A session has room for {limit, number} pictures, and this one is full.',
  'makeRoom.going':
    '{count, plural, one {One of these has to go for good; another one may go in its place.} other {# of these have to go for good; others may go in their place.}}',
  'makeRoom.others': 'Pictures that somebody has decided about, has open or writes about are not among them.',
  'makeRoom.impossible':
    'Somebody has decided about every picture that could make room, or has it open. Ask for fewer at once, or start over.',
  'makeRoom.keep': 'Keep them all',
  'makeRoom.confirm': '{count, plural, one {Remove it and go on} other {Remove # and go on}}',

  'forgotten.pictures':
    '{count, plural, one {Picture No. {numbers}} other {Pictures No. {numbers}}} had to be given up for memory while nobody was here.',

  'decline.title': 'End the review without a picture?',
  'decline.text':
    'Nobody can approve a picture or ask for another one then. The pictures stay, and you can withdraw it for as long as the session lasts.',
  'decline.reason': 'Why?',
  'decline.keep': 'Go on reviewing',
  'decline.confirm': 'Decline',

  'withdraw.title':
    'Withdraw your {decision, select, approved {approval} declined {decline} other {decision}} of No. {number, number}?',
  'withdraw.text': 'The review goes on, for everybody in this session. The record keeps both.',
  'withdraw.keep': 'Keep it',

  'approvals.waiting': '{count, number} of {needed, number}, waiting for {names}',
  'approvals.tooFew': '{count, number} of {needed, number}. Not enough people are invited yet.',
  'approvals.enough': '{count, number} of {needed, number}. The next approval settles it.',
  'approvals.you': 'you',
  'approvals.needed': '{count, plural, one {# approval needed} other {# approvals needed}}',
  'approvals.change': 'How many people must approve the same picture?',
  'approvals.people': '{count, plural, one {# person} other {# people}}',
  'approvals.whose':
    'With more than one, only your approval and those of people whom you invited count. Approvals so far stay.',

  'outcome.declined': 'Declined',
  'outcome.unknown': 'The review has ended',

  'decision.unseen': 'You can’t approve this one here',
  'decision.onlySeen': 'A picture can be approved only where it can be seen.',
  'decision.downloadOrLeave': 'Download it to look at it, or leave the decision to somebody who sees it.',
  'decision.leaveNoDownload':
    'Leave the decision to somebody who sees it. On this server a picture can be downloaded only once it is approved.',
  'decision.leave': 'Leave the decision to somebody who sees it.',

  'approval.approved': 'Approved',
  'approval.otherApproved': 'No. {number, number} is approved',
  'approval.by': 'by <person>{name}</person><soft>, <time>{when}</time></soft>',
  'approval.digest': 'SHA-256 <code>{digest}</code>',
  'approval.copyDigest': 'Copy digest',

  // ——— a drawing under way ———

  'progress.label': 'Making the picture',
  'progress.starting': 'Starting',
  'progress.queued': 'Waiting in line',
  'progress.queuedAt': 'Waiting, place {place, number} in line',
  'progress.started': 'Sent to the model',
  'progress.drawing': 'Drawing',
  'progress.drawingSeveral': 'Drawing {count, number} pictures',
  'progress.trySoon': '{try, plural, =2 {Second} =3 {Third} =4 {Fourth} =5 {Fifth} other {#th}} try soon',
  'progress.tryIn':
    '{try, plural, =2 {Second} =3 {Third} =4 {Fourth} =5 {Fifth} other {#th}} try in {seconds, number} s',
  'progress.tryNow': '{try, plural, =2 {Second} =3 {Third} =4 {Fourth} =5 {Fifth} other {#th}} try starts now',
  'progress.tryFollows': '{try, plural, =2 {Second} =3 {Third} =4 {Fourth} =5 {Fifth} other {#th}} try follows.',
  'progress.unknown': 'In progress',
  'progress.tryOf': 'Try {try, number} of {tries, number}.',
  'progress.finishedOf': '{finished, number} of {pictures, number} finished.',
  'progress.lastTryFailed': 'The last try failed.',
  'progress.thatTryFailed': 'That try failed.',
  'progress.offline': 'How far it is shows again once the connection is back. The drawing goes on without it.',
  'progress.usualSeconds': 'Usually about {seconds, number} s{isLate, select, yes {; this one takes longer} other {}}.',
  'progress.usualMinutes':
    'Usually about {minutes, number} min{isLate, select, yes {; this one takes longer} other {}}.',
  'progress.toChange': 'To change: <quote>{feedback}</quote>',

  'cancel.cancel': 'Cancel',
  'cancel.cancelLeft': '{count, plural, one {Cancel the last one} other {Cancel the # left}}',
  'cancel.reason': 'What is wrong with it?',
  'cancel.placeholder': 'Optional: the reason, for the next try',
  'cancel.billed': 'A cancelled drawing may still be billed.',

  // ——— asking for a picture ———

  'prompt.headline': 'What should the picture show?',
  'prompt.label': 'Prompt',
  'prompt.nextLabel': 'Your next prompt',
  'prompt.placeholder': 'A heron at the edge of a misty lake, first light, soft watercolour',
  'prompt.generate': 'Generate',
  'prompt.regenerate': 'Regenerate',
  'prompt.waits': 'It waits here until this picture is done.',
  'prompt.samePrompt': 'The same prompt again makes {count, plural, one {another picture} other {# other pictures}}.',
  'prompt.otherPrompt': 'Regenerate draws the prompt as it stands here now.',
  'prompt.empty': 'Write a prompt first: what should the picture show?',
  'prompt.tooLong': 'The prompt is {count, plural, one {# character} other {# characters}} too long.',
  'text.keys': 'Enter sends, Shift + Enter starts a new line.',
  'text.tooLong': 'This is {count, plural, one {# character} other {# characters}} too long.',
  'text.showAll': 'Show all',
  'text.showLess': 'Show less',
  'text.count': '{count, number} of {limit, number}',

  'examples.title': 'Or begin with one of these',
  'examples.first': 'A sailing boat off a winter coast, linocut in two inks',
  'examples.second': 'Still life with wild flowers, morning light',
  'examples.third': 'Poster for a night train to Lisbon, bold flat shapes',

  'refine.label': 'What should change?',
  'refine.labelOf': 'What should change in No. {number, number}?',
  'refine.placeholder': 'Warmer light, and no boat',
  'refine.demoPlaceholder': 'Warmer light, and more of it',
  'refine.refine': 'Refine',
  'refine.refineOf': 'Refine No. {number, number}',
  'refine.suggestedBy.cancel': 'From the cancelled drawing. Change it as you like.',
  'refine.suggestedBy.changes': 'From the changes that were asked for. Edit it as you like.',
  'refine.gone': 'Your words stay with this picture. They can be sent once it is back in review.',
  'refine.chosen': 'As chosen below: {options}.',
  'refine.empty': 'Say what should change first.',

  'options.title': 'Options',
  'options.automatic': 'Automatic',
  'options.usualModel': '{model} (usual)',
  'options.pictures': '{count, plural, one {# picture} other {# pictures}}',
  'options.previews': '{count, plural, =0 {No previews} one {# preview} other {# previews}}',
  'options.billed': 'Each picture is billed by itself.',
  'option.candidates': 'Pictures at once',
  'option.model': 'Model',
  'option.size': 'Size',
  'option.size.square': 'Square',
  'option.size.landscape': 'Landscape',
  'option.size.portrait': 'Portrait',
  'option.quality': 'Quality',
  'option.quality.low': 'Low',
  'option.quality.medium': 'Medium',
  'option.quality.high': 'High',
  'option.quality.xhigh': 'Extra high',
  'option.quality.max': 'Highest',
  'option.format': 'Format',
  'option.background': 'Background',
  'option.background.opaque': 'Opaque',
  'option.background.transparent': 'Transparent',
  'option.compression': 'Compression',
  'option.compression.level': 'Compression {level, number}',
  'option.compression.range': 'Compression, {least, number} to {most, number}',
  'option.partialImages': 'Previews',
  'option.partialImages.none': 'None',

  // ——— pictures ———

  'picture.number': 'No. {number, number}',
  'picture.name':
    'No. {number, number}, {prompt}{origin, select, refined {, refined from No. {parent, number}} regenerated {, regenerated from No. {parent, number}} other {}}{approved, select, yes {, approved} other {}}{changes, select, yes {, changes requested} other {}}',
  'picture.numberAndText': 'No. {number, number}: {text}',
  'picture.numberAndTextComing': 'No. {number, number}: {text}. On its way.',
  'picture.numberAndTextMissing': 'No. {number, number}: {text}. {problem}.',
  'picture.partial': 'Preview, still being drawn: {prompt}',
  'picture.previous': 'Previous image: {prompt}',
  'picture.finished': 'Generated image: {prompt}',
  'picture.several': '{count, number} pictures of one prompt',
  'picture.captionPreview': 'Preview',
  'picture.captionPreviewOf': 'Preview. {phase}',
  'picture.captionPrevious': 'Previous picture',
  'picture.captionFailed': 'No picture',
  'picture.lookClosely': 'Look closely',
  'picture.lookCloselyAt': 'Look closely at No. {number, number}',
  'picture.showDrawn': 'Show what is being drawn',
  'picture.showApproved': 'Show the approved picture',
  'picture.showNewest': 'Show the newest picture',
  'picture.showAll': 'Show all {count, number} pictures',

  'problem.undecodable': 'Your browser cannot show this picture',
  'problem.undecodable.text': 'Its file may be damaged, or of a kind that this browser does not know.',
  'problem.blocked_by_policy': 'Your browser cannot show this picture',
  'problem.blocked_by_policy.text':
    'The Content-Security-Policy of this site forbids it: its owner has to add blob: to img-src.',
  'problem.damaged': 'This picture arrived damaged',
  'problem.damaged.text':
    'Something between this page and the server has changed its bytes. Open it again for another try.',
  'problem.unreachable': 'This picture has not come',
  'problem.unreachable.text':
    'Something between this page and the server keeps it away. Open it again for another try.',

  'tools.download': 'Download',
  'tools.copy': 'Copy image',
  'tools.saveLater': 'They come with the approval.',
  'tools.discard': 'Discard No. {number, number}',

  'strip.label': 'Attempts',
  'strip.earlier': 'Earlier attempts',
  'strip.later': 'Later attempts',
  'strip.discarded': 'No. {number, number} was discarded.',
  'strip.discardedBy': 'No. {number, number} was discarded by <person>{name}</person>.',
  'strip.unseen': 'Your browser cannot show it.',
  'strip.undo': 'Undo',
  'strip.compare': 'Compare',
  'strip.discardedList': 'Discarded ({count, number})',
  'strip.listedDiscarded':
    'No. {number, number}<soft>, by {who, select, you {you} other {<person>{name}</person>}}</soft>',
  'strip.restore': 'Restore',
  'strip.restoreOf': 'Restore No. {number, number}',

  'compare.title': 'Compare',
  'compare.closeLook': 'Close look',
  'compare.closeLookAt': 'Close look at No. {number, number}',
  'compare.how': 'How to compare',
  'compare.sideBySide': 'Side by side',
  'compare.slider': 'Slider',
  'compare.swap': 'Swap',
  'compare.swapName': 'Swap the two pictures',
  'compare.first': 'First picture',
  'compare.second': 'Second picture',
  'compare.choose': 'Choose a picture',
  'compare.gone': 'This picture is no longer here.',
  'compare.oneGone': 'One of the pictures is no longer here.',
  'compare.both': 'No. {first, number} and No. {second, number}',
  'compare.open': 'Open No. {number, number}',
  'compare.approve': 'Approve No. {number, number}',
  'compare.pixels': '{width, number, ::group-off} × {height, number, ::group-off}',
  'compare.pixelsAt': '{width, number, ::group-off} × {height, number, ::group-off} at {zoom, number, ::percent}',
  'compare.divider': 'Divider',
  'compare.dividerShares':
    '{firstShare, number, ::percent} No. {first, number}, {secondShare, number, ::percent} No. {second, number}',
  'compare.keys': 'Plus and minus zoom, the arrow keys move. 0 shows the whole picture, 1 its actual pixels.',
  'compare.drawingWatched': 'Another picture is being drawn.',
  'compare.drawing': 'Another picture is being drawn: nothing can be approved meanwhile.',

  'zoom.label': 'Zoom',
  'zoom.out': 'Zoom out',
  'zoom.in': 'Zoom in',
  'zoom.fit': 'Fit',
  'zoom.actual': 'Actual pixels',

  'changes.label': 'What changed',
  'changes.refined': 'Refined from No. {number, number}',
  'changes.regenerated': 'Regenerated from No. {number, number}',
  'changes.refinedDiscarded': 'Refined from No. {number, number}, which is discarded',
  'changes.regeneratedDiscarded': 'Regenerated from No. {number, number}, which is discarded',
  'changes.refinedDropped': 'Refined from a picture that is no longer kept',
  'changes.regeneratedDropped': 'Regenerated from a picture that is no longer kept',
  'changes.option': '{title}:',
  'changes.to': 'to',
  'changes.samePrompt': 'The same prompt again.',

  'facts.title': 'About this picture',
  'facts.picture': 'Picture',
  'facts.took': 'Took',
  'facts.tokens': 'Tokens',
  'facts.tokensInOut': '{input, number} in, {output, number} out',
  'facts.cost': 'Cost',
  'facts.costAbout': 'about {amount}<soft>, estimated from token usage</soft>',
  'facts.drawnBy': 'Drawn by',
  'facts.image': 'Image',
  'facts.imageIs': '{width, number, ::group-off} × {height, number, ::group-off}, {format}, {size}',
  'facts.prompt': 'Prompt',
  'facts.revisedPrompt': 'Model’s prompt',

  'state.details': 'Session details',
  'state.generator': 'Generator',
  'state.revision': 'Revision',
  'state.title': 'Session state',
  'state.json': 'Session state as JSON',
  'state.copy': 'Copy JSON',

  // ——— the record ———

  'record.show': 'Record ({count, number})',
  'record.title': 'Record',
  'record.pageTitle': 'Record: {prompt}',
  'record.print': 'Print …',
  'record.save': 'Download as JSON',
  'record.blocked': 'Your browser has blocked the page to print. Allow this site to open windows, and try again.',
  'record.madeAt': 'As of {when}.',
  'record.session': 'Session <code>{digest}</code>.',
  'record.open': 'Not decided yet.',
  'record.isApproved': 'No. {number, number} is approved.',
  'record.isDeclined': 'The review has ended without a picture.',
  'record.needed':
    '{count, plural, one {# person has to approve the same picture.} other {# people have to approve the same picture.}}',
  'record.incomplete': '{count, plural, one {# entry has not come yet.} other {# entries have not come yet.}}',
  'record.approved': '<person>{name}</person> approved <picture>No. {number, number}</picture>.',
  'record.changes_requested': '<person>{name}</person> requested changes to <picture>No. {number, number}</picture>.',
  'record.declined':
    '<person>{name}</person> ended the review without a picture, with <picture>No. {number, number}</picture> in view.',
  'record.withdrawn':
    '<person>{name}</person> withdrew {decision, select, approved {the approval of} changes_requested {the request for changes to} declined {the decision to end the review at} other {a decision about}} <picture>No. {number, number}</picture>.',
  'record.approvals_changed':
    '<person>{name}</person> changed how many people have to approve the same picture: {count, number} from now on.',
  'record.invited':
    '<person>{name}</person> invited <person>{invitee}</person> {role, select, reviewer {to review} watcher {to watch} other {}}.',
  'record.revoked':
    '<person>{name}</person> withdrew the invitation of <person>{invitee}</person>{role, select, reviewer {, who was to review} watcher {, who was to watch} other {}}.',
  'record.forgotten':
    'The server needed memory while nobody used the session, and gave up {count, plural, one {a picture} other {# pictures}}: {numbers}.',
  'record.unknown': 'Something that this page does not know. Reload the page to get its newest version.',
  'record.wasWithdrawn': 'Withdrawn',
  'record.notCounted': 'Does not count',
  'record.pictures': 'Pictures',
  'record.madeFrom': 'Made from',
  'record.samePrompt': 'The same as that of No. {number, number}.',
  'record.feedback': 'To change',
  'record.drawn': 'Drawn',
  'record.gone': 'No longer in the session',
  'record.missing': 'Could not be loaded',
  'role.reviewer': 'Reviewer',
  'role.watcher': 'Watcher',

  // ——— for screen readers, when something changes ———

  'announce.connectionLost': 'The connection is lost. Reconnecting.',
  'announce.serverBusy': 'The server is busy. Trying again.',
  'announce.obstacle': '{title}. Trying again.',
  'announce.sentence': '{title}.',
  'announce.noPrompt': 'Nobody has asked for a picture yet.',
  'announce.watched': 'The picture is ready. The reviewers are deciding on it.',
  'announce.severalWatched': '{count, number} pictures are ready. The reviewers are deciding on them.',
  'announce.readyForPrompt': 'Ready for a prompt.',
  'announce.drawing': 'The picture is being made. {phase}.',
  'announce.cancelled': 'The drawing was cancelled.',
  'announce.ready': 'The picture is ready for your decision.',
  'announce.severalReady': '{count, number} pictures are ready. Open one of them to decide.',
  'announce.approved': 'The picture was approved by {name}.',
  'announce.declinedBy': '{name} declined: the review has ended without a picture.',
  'announce.approve': '{who, select, you {You} other {{name}}} approved No. {number, number}.',
  'announce.request_changes': '{who, select, you {You} other {{name}}} asked for changes to No. {number, number}.',
  'announce.withdraw':
    '{who, select, you {You} other {{name}}} withdrew a decision about No. {number, number}. The review goes on.',
  'announce.declined': 'The review has ended without a picture.',
  'announce.approvedBySomebody': 'The picture was approved by a reviewer.',

  // ——— why there is no picture: the server's `detail` ———

  'failure.moderation_picture':
    "The picture was refused by {service, select, image_server {the image server} other {{service}}}'s safety system. Change the wording and ask again.",
  'failure.moderation_prompt':
    "The prompt was refused by {service, select, image_server {the image server} other {{service}}}'s safety system. Change the wording and ask again.",
  'failure.moderation_request':
    "The request was refused by {service, select, image_server {the image server} other {{service}}}'s safety system. Change the wording and ask again.",
  'failure.no_credit':
    "The account at {service, select, image_server {the image server} other {{service}}} has no credit left or has reached its spending limit. Whoever runs this server can add credit or raise the limit in the account's billing settings.",
  'failure.unverified_organization':
    "{service, select, image_server {The image server} other {{service}}} lets only verified organizations use the image model {imageModel}. Verify the organization in the account's organization settings, or set PROOFROOM_IMAGE_MODEL to a model that needs no verification.",
  'failure.no_such_model':
    '{service, select, image_server {The image server} other {{service}}} has no image model named {imageModel}. Correct PROOFROOM_IMAGE_MODEL and restart the server.',
  'failure.no_such_models':
    '{service, select, image_server {The image server} other {{service}}} offers this API key no model named {model} or {imageModel}. Correct PROOFROOM_MODEL or PROOFROOM_IMAGE_MODEL and restart the server.',
  'failure.key_lacks_permission':
    "The API key may not draw images. Allow it the {api} in the key's permissions, or set OPENAI_API_KEY to another key and restart the server.",
  'failure.key_refused':
    '{service, select, image_server {The image server} other {{service}}} refused the API key. Set OPENAI_API_KEY to a valid key and restart the server.',
  'failure.key_unusable':
    'The OpenAI API key holds a character that no key has. Correct OPENAI_API_KEY and restart the server.',
  'failure.region_unsupported':
    '{service, select, image_server {The image server} other {{service}}} does not serve the country or region in which this server runs.',
  'failure.proxy_sign_in':
    'A proxy asks this server to sign in. Put the name and the password into HTTPS_PROXY, as in http://name:password@proxy.example:3128, and restart the server.',
  'failure.not_allowed':
    "{service, select, image_server {The image server} other {{service}}} does not allow this server to draw images. Check the API key's project and permissions in the account there.",
  'failure.no_edits':
    "{service, select, image_server {The image server} other {{service}}} can't change an image that is there. Ask for a new one in other words; whoever runs this server can set PROOFROOM_REFINE=0.",
  'failure.redirected':
    'The service sends its callers to another address. Correct OPENAI_BASE_URL, perhaps to https, and restart the server.',
  'failure.no_such_api': 'The service has no {api} at its address. Correct OPENAI_BASE_URL and restart the server.',
  'failure.not_the_api':
    "What answered is not {service, select, image_server {the image server} other {{service}}}'s API. Check OPENAI_BASE_URL, and any proxy between this server and {service, select, image_server {the image server} other {{service}}}.",
  'failure.request_too_large':
    '{service, select, image_server {The image server} other {{service}}}, or a gateway or proxy between, takes no request of so many bytes. Start from a smaller image, or from one in the format jpeg or webp; whoever runs the gateway can raise its limit.',
  'failure.rate_limited':
    '{service, select, image_server {The image server} other {{service}}} is busy, or this account asks too often. Wait a minute and ask again.',
  'failure.wait_minutes':
    '{service, select, image_server {The image server} other {{service}}} asks everyone with this key to wait {minutes, number, ::unit/minute unit-width-full-name}. Ask again after that.',
  'failure.wait_hours':
    '{service, select, image_server {The image server} other {{service}}} asks everyone with this key to wait {hours, number, ::unit/hour unit-width-full-name}. Ask again after that.',
  'failure.wait_days':
    '{service, select, image_server {The image server} other {{service}}} asks everyone with this key to wait more than a day. Ask again after that.',
  'failure.timed_out':
    '{service, select, image_server {The image server} other {{service}}} took too long to answer. Ask again.',
  'failure.silent':
    '{service, select, image_server {The image server} other {{service}}} sent nothing for {seconds, number, ::unit/second unit-width-full-name}, so the try was given up. Whether {service, select, image_server {the image server} other {{service}}} drew and billed the image is not known. Ask again.',
  'failure.unfinished':
    '{service, select, image_server {The image server} other {{service}}} had not finished after {seconds, number, ::unit/second unit-width-full-name}, so it was given up. Whether {service, select, image_server {the image server} other {{service}}} drew and billed the image is not known. Ask again.',
  'failure.service_fault':
    '{service, select, image_server {The image server} other {{service}}} had a fault of its own and drew nothing. Ask again in a moment.',
  'failure.request_refused':
    '{service, select, image_server {The image server} other {{service}}} refused the request, perhaps for an option that the model does not support. Change the size, quality, background or format and ask again.',
  'failure.unexplained':
    '{service, select, image_server {The image server} other {{service}}} failed without a reason that this server knows. Ask again.',
  'failure.unexpected':
    'Asking {service, select, image_server {the image server} other {{service}}} failed for a reason that this server does not know.',
  'failure.unreachable':
    '{service, select, image_server {The image server} other {{service}}} could not be reached. Check the network of this server, and OPENAI_BASE_URL and HTTPS_PROXY if they are set.',
  'failure.cut':
    'The connection to {service, select, image_server {the image server} other {{service}}} broke before the image was complete. Ask again.',
  'failure.too_much_data':
    '{service, select, image_server {The image server} other {{service}}} sent more data than this server accepts for one image.',
  'failure.not_an_image':
    '{service, select, image_server {The image server} other {{service}}} sent something that is no PNG, JPEG or WebP image. Ask again.',
  'failure.image_damaged': 'The image arrived incomplete or damaged. It may have been billed all the same. Ask again.',
  'failure.image_too_big':
    '{service, select, image_server {The image server} other {{service}}} sent an image of more bytes or pixels than this server takes. Ask for a smaller one.',
  'failure.only_an_address':
    '{service, select, image_server {The image server} other {{service}}} sent the address of an image in place of the image, and this server fetches none. Set it up to answer with b64_json.',
  'failure.no_image':
    '{service, select, image_server {The image server} other {{service}}} answered without an image. Say more plainly in the prompt what to draw, and ask again.',
  'failure.demo_failed': 'The demo painter could not finish the picture. Try again.',
  'failure.demo_too_large':
    'The demo painter paints up to {pixels, number, ::group-off} by {pixels, number, ::group-off} pixels. Choose a smaller size.',
  'failure.no_memory':
    'The server has no memory left for another image. Nothing was drawn or billed. Ask again in a while.',
  'failure.no_budget':
    'Today’s budget of this server is not enough for another try. There is a new one at midnight UTC.',
  'failure.servers_stopped':
    'Two servers that drew this stopped, one after the other. Both tries may have been billed. Please ask again.',
  'failure.server_fault': 'Something went wrong on the server while the image was made. Please try again.',

  // ——— why it is tried again: the server's `reasons` ———

  'retry.busy': '{service, select, image_server {The image server} other {{service}}} is busy.',
  'retry.slow': '{service, select, image_server {The image server} other {{service}}} took too long to answer.',
  'retry.connection_failed':
    'The connection to {service, select, image_server {the image server} other {{service}}} failed.',
  'retry.fault': '{service, select, image_server {The image server} other {{service}}} had a fault of its own.',
  'retry.try_had_begun':
    'The {try, plural, =1 {first} =2 {second} =3 {third} other {#th}} try had begun to draw and may have been billed.',
  'retry.tries_had_begun': '{tries, number} tries had begun to draw and may have been billed.',
  'retry.server_stopped': 'The server that drew this stopped. The first try may have been billed.',
  'retry.billing_unknown':
    'Whether {service, select, image_server {the image server} other {{service}}} drew and billed it all the same is not known.',
} as const;
