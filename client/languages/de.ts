/**
 * Deutsch. Wörter: Bild, Vorschau, Prompt, Sitzung; freigeben, verwerfen, wiederherstellen, überarbeiten, neu anfangen.
 * Möglichst ohne Anrede, sonst mit du.
 */
import type { Messages } from '../model/texts.ts';

export default {
  'page.title': 'Proofroom',
  'page.titleGenerating': 'Wird gezeichnet … · Proofroom',
  'page.titleReview': 'Bereit zur Entscheidung · Proofroom',
  'page.titleWatched': 'In der Prüfung · Proofroom',
  'page.titleTurn': '● {title}',
  'page.titleFinal': 'Freigegeben · Proofroom',
  'page.titleDeclined': 'Abgelehnt · Proofroom',
  'page.titleEndedReview': 'Prüfung beendet · Proofroom',
  'page.titleEnded': '{title} · Proofroom',
  'page.description': 'Ein Bild anfordern, gemeinsam ansehen, freigeben oder noch einmal anfordern.',
  'page.needsJavaScript': 'Proofroom braucht JavaScript.',

  'notFound.title': 'Nichts gefunden · Proofroom',
  'notFound.heading': 'Unter dieser Adresse ist nichts',
  'notFound.text':
    'Vielleicht ist der Link unvollständig oder vertippt, oder was er zeigte, gibt es nicht mehr. Wer ihn geschickt hat, kann ihn in der Sitzung unter „Teilen“ noch einmal kopieren.',
  'notFound.start': 'Neue Sitzung beginnen',

  'common.close': 'Schließen',
  'common.cancel': 'Abbrechen',
  'common.copy': 'Kopieren',
  'common.copied': 'Kopiert',
  'common.approve': 'Freigeben',
  'common.approved': 'Freigegeben',
  'common.startOver': 'Neu anfangen',
  'common.tryAgain': 'Noch einmal versuchen',
  'common.onItsWay': 'Unterwegs …',

  'copy.textCopied': 'In die Zwischenablage kopiert.',
  'copy.textFailed': 'Bitte den Text markieren und kopieren.',
  'copy.imageCopied': 'Das Bild ist in der Zwischenablage.',
  'copy.imageFailed': 'Dieser Browser lässt hier keine Bilder kopieren. Herunterladen geht.',

  'number.kilobytes': '{count, number, ::unit/kilobyte unit-width-short .}',
  'number.megabytes': '{count, number, ::unit/megabyte unit-width-short .0}',
  'number.percent': '{share, number, ::percent}',
  'number.underOneSecond': 'unter {seconds, number} s',
  'number.seconds': '{seconds, number} s',

  'bar.here': '{count, number} <unseen>hier: </unseen>',
  'bar.changeName': '. Namen ändern',
  'bar.share': 'Teilen',
  'bar.viewers':
    '{reviewers, plural, one {# entscheidet} other {# entscheiden}}{watchers, plural, =0 {} one {, # schaut zu} other {, # schauen zu}}',

  'language.label': 'Sprache',

  'connection.connecting': 'Verbindet',
  'connection.online': 'Live',
  'connection.reconnecting': 'Verbindet neu',
  'connection.serverBusy': 'Server ausgelastet',
  'connection.tokenNeeded': 'Zugangstoken nötig',
  'connection.sessionGone': 'Sitzung ist weg',
  'connection.sessionEnded': 'Sitzung beendet',
  'connection.closed': 'Nicht verbunden',
  'connection.nextTry': '<long>, nächster Versuch</long> in {seconds, number} s',

  'area.picture': 'Bild',
  'area.review': 'Entscheidung',
  'area.access': 'Zugang',
  'area.connection': 'Verbindung',
  'area.opening': 'Sitzung wird geöffnet …',

  'missing.text':
    'Ein Teil dieser Seite ließ sich nicht laden: Der Server ist nicht erreichbar oder hat eine neuere Seite. Hilft ein weiterer Versuch nicht, lade die Seite neu.',
  'missing.tryAgain': 'Noch einmal versuchen',

  'people.title': 'Wer hier ist',
  'people.you': '(du)',
  'people.watcher': 'Gast {number, number}',
  'people.role.reviewer': 'Entscheidet mit',
  'people.role.watcher': 'Schaut zu',
  'people.role.unknown': 'Ist hier',
  'people.looksAt': 'sieht Nr. {number, number} an',
  'people.lookAtIt': '{count, plural, one {{names} sieht es an.} other {{names} sehen es an.}}',
  'people.name': 'Dein Name',
  'people.nameHint': 'Er steht bei dem, was du entscheidest. Dieser Browser merkt ihn sich.',
  'people.nameHintWatcher': 'Wenn du magst: Die anderen sehen ihn. Dieser Browser merkt ihn sich.',
  'people.nameMissing': 'Schreib zuerst deinen Namen hin.',
  'people.save': 'Namen speichern',
  'people.invited': 'Du bist durch eine Einladung hier, die dir deinen Namen gegeben hat.',
  'people.invitedUntil': 'Sie gilt bis {when}.',

  'name.title': 'Wer entscheidet?',
  'name.text': 'Dein Name wird mit deiner Entscheidung festgehalten.',
  'name.remembered': 'Dieser Browser merkt ihn sich, du wirst also nur einmal gefragt.',
  'name.goOn': 'Speichern und weiter',
  'name.tooLate':
    'Das Bild hat sich inzwischen geändert; deine Entscheidung wurde nicht gesendet. Speichere deinen Namen, sieh noch einmal hin und entscheide neu.',

  'share.title': 'Diese Sitzung teilen',
  'share.peopleNow': 'Jetzt hier: {viewers}',
  'share.keptSooner': 'Braucht der Server den Speicher, kann er sie früher beenden.',
  'share.watchOnly': 'Du bist über den Link zum Zuschauen gekommen; nur ihn kannst du weitergeben.',

  'link.reviewer': 'Link zum Mitentscheiden',
  'link.reviewer.lets': 'Damit geht alles, was auch du kannst: Bilder anfordern, freigeben, neu anfangen.',
  'link.reviewer.copy': 'Kopieren: Link zum Mitentscheiden',
  'link.reviewer.closed': 'Geschlossen: Zum Mitentscheiden kommt niemand mehr herein.',
  'link.reviewer.new': 'Neuer Link zum Mitentscheiden',
  'link.reviewer.replace': 'Ersetzen: Link zum Mitentscheiden',
  'link.reviewer.close': 'Schließen: Link zum Mitentscheiden',
  'link.reviewer.close_link.title': 'Den Link zum Mitentscheiden schließen?',
  'link.reviewer.replace_link.title': 'Den Link zum Mitentscheiden ersetzen?',
  'link.watcher': 'Link zum Zuschauen',
  'link.watcher.lets': 'Damit lässt sich alles live verfolgen, aber nichts entscheiden.',
  'link.watcher.copy': 'Kopieren: Link zum Zuschauen',
  'link.watcher.closed': 'Geschlossen: Niemand kann zuschauen.',
  'link.watcher.new': 'Neuer Link zum Zuschauen',
  'link.watcher.replace': 'Ersetzen: Link zum Zuschauen',
  'link.watcher.close': 'Schließen: Link zum Zuschauen',
  'link.watcher.close_link.title': 'Den Link zum Zuschauen schließen?',
  'link.watcher.replace_link.title': 'Den Link zum Zuschauen ersetzen?',
  'link.isNew': 'Dieser Link ist neu.',
  'link.worksNoLonger':
    'Der Link, über den du gekommen bist, gilt nicht mehr. Wer die Sitzung eröffnet hat, kann dir einen anderen geben.',
  'link.replace': 'Ersetzen',
  'link.keep': 'Link behalten',
  'link.close_link.text': 'Er gilt dann für immer nicht mehr.',
  'link.close_link.confirm': 'Link schließen',
  'link.replace_link.text': 'Es gibt dann einen neuen Link, und dieser gilt für immer nicht mehr.',
  'link.replace_link.confirm': 'Link ersetzen',
  'link.reviewersStay': 'Wer schon zum Mitentscheiden in der Sitzung ist, bleibt darin.',
  'link.watchersLeave':
    '{count, plural, =0 {Im Moment schaut niemand zu.} one {Die eine Person, die gerade zuschaut, verlässt die Sitzung.} other {Die # Personen, die gerade zuschauen, verlassen die Sitzung.}}',

  'invite.title': 'Mit Namen einladen',
  'invite.text':
    'Jede Einladung ist ein Link für eine Person, die unter diesem Namen entscheidet. Wo mehrere zustimmen müssen, zählen nur du und die Eingeladenen.',
  'invite.name': 'Name',
  'invite.nameMissing': 'Schreib zuerst den Namen hin.',
  'invite.role': 'Darf',
  'invite.role.reviewer': 'Entscheiden',
  'invite.role.watcher': 'Zuschauen',
  'invite.lasts': 'Gilt',
  'invite.lasts.session': 'Unbegrenzt',
  'invite.lasts.hours': '{hours, number, ::unit/hour unit-width-full-name}',
  'invite.lasts.days': '{days, number, ::unit/day unit-width-full-name}',
  'invite.send': 'Einladen',
  'invite.made': 'Der Link für {name} ist fertig: kopieren und verschicken.',
  'invite.list': 'Einladungen',
  'invite.linkFor': 'Link für {name}',
  'invite.copy': 'Kopieren: Link für {name}',
  'invite.state.unused': 'noch nicht benutzt',
  'invite.state.here': 'jetzt hier',
  'invite.state.used': 'war hier',
  'invite.state.revoked': 'widerrufen',
  'invite.state.expired': 'abgelaufen',
  'invite.expires': 'gilt bis {when}',

  'revoke.open': 'Widerrufen',
  'revoke.openFor': 'Widerrufen: Einladung für {name}',
  'revoke.title': 'Die Einladung für {name} widerrufen?',
  'revoke.text':
    '{here, select, yes {{name} verlässt die Sitzung sofort, und der Link gilt für immer nicht mehr.} other {Der Link gilt dann für immer nicht mehr.}} Was {name} entschieden hat, bleibt festgehalten. Es zählt nicht mehr, außer die Sitzung ist schon entschieden.',
  'revoke.keep': 'Einladung behalten',
  'revoke.confirm': 'Widerrufen',

  'turnOut.open': 'Ausschließen',
  'turnOut.openFor': 'Ausschließen: {name}',
  'turnOut.title': '{name} ausschließen?',
  'turnOut.text':
    '{name} verlässt die Sitzung sofort. Was {name} entschieden hat, bleibt festgehalten. Es zählt nicht mehr, außer die Sitzung ist schon entschieden. Wer einen offenen Link hat, kann damit als jemand Neues wiederkommen: Ersetze dann auch diesen Link.',
  'turnOut.keep': 'Nicht ausschließen',
  'turnOut.confirm': 'Ausschließen',

  'kept.for':
    'Diese Sitzung bleibt {unit, select, day {{count, number, ::unit/day unit-width-full-name}} hour {{count, number, ::unit/hour unit-width-full-name}} other {{count, number, ::unit/minute unit-width-full-name}}} erhalten, nachdem die letzte Person gegangen ist.',
  'kept.until': 'Gingen jetzt alle, wäre das bis {when}.',

  'endSession.open': 'Sitzung für alle beenden …',
  'endSession.title': 'Die Sitzung für alle beenden?',
  'endSession.text':
    '{others, plural, =0 {Du verlässt sie} one {Du und # weitere Person verlassen sie} other {Du und # weitere Personen verlassen sie}}, was gerade gezeichnet wird, bricht ab, und die Bilder sind vom Server verschwunden. Bitte vorher sichern, was noch gebraucht wird: Das lässt sich nicht rückgängig machen.',
  'endSession.keep': 'Sitzung behalten',
  'endSession.confirm': 'Sitzung beenden',

  'startOver.title': 'Neu anfangen?',
  'startOver.keep': '{count, plural, one {Bild behalten} other {Bilder behalten}}',
  'startOver.approved':
    '{count, plural, one {Das Bild ist freigegeben. Ein neuer Anfang nimmt es allen in dieser Sitzung weg: Bitte vorher sichern, wo es noch gebraucht wird.} other {Eins dieser # Bilder ist freigegeben. Ein neuer Anfang nimmt sie alle weg, für alle in dieser Sitzung: Bitte vorher sichern, was noch gebraucht wird.}}',
  'startOver.notApproved':
    '{count, plural, one {Dieses Bild ist nicht freigegeben. Ein neuer Anfang entfernt es und den Prompt, für alle in dieser Sitzung.} other {Keins dieser # Bilder ist freigegeben. Ein neuer Anfang entfernt sie alle und den Prompt, für alle in dieser Sitzung.}}',

  'notify.me': 'Benachrichtigen, wenn ich an der Reihe bin',
  'notify.blocked': 'Dein Browser lässt keine Benachrichtigungen dieser Seite zu',
  'notify.decision': 'Ein Bild wartet auf deine Entscheidung.',
  'notify.prompt': 'Die Zeichnung hat kein Bild ergeben.',

  'shortcuts.title': 'Tastenkürzel',
  'shortcuts.approve': 'Das gezeigte Bild freigeben',
  'shortcuts.request_changes': 'Änderungen daran verlangen',
  'shortcuts.regenerate': 'Neu erzeugen',
  'shortcuts.compare': 'Vergleichen',
  'shortcuts.next': 'Nächstes Bild',
  'shortcuts.previous': 'Voriges Bild',
  'shortcuts.help': 'Diese Kürzel zeigen',
  'shortcuts.typing': 'Beim Schreiben bewirken sie nichts.',
  'shortcuts.on': 'Diese Kürzel benutzen',

  'token.title': 'Dieser Server verlangt ein Token',
  'token.lead': 'Wer ihn betreibt, kann es nennen. Mit einem Link zu einer Sitzung ist keins nötig.',
  'token.label': 'Zugangstoken',
  'token.refused': 'Der Server hat das Token nicht angenommen. Bitte prüfen und noch einmal versuchen.',
  'token.continue': 'Weiter',

  'demo.text':
    '<strong>Demo.</strong> Diese Bilder malt ein eingebautes Programm, kein Modell. Für echte Bilder <code>OPENAI_API_KEY</code> setzen und den Server neu starten.',

  'ended.session_gone': 'Diese Sitzung gibt es nicht mehr',
  'ended.session_gone.text':
    'Der Server kennt sie nicht: Sie war zu lange unbenutzt, jemand hat sie beendet, der Server wurde neu gestartet, oder der Link ist unvollständig.',
  'ended.not_allowed': 'Dieser Link gewährt keinen Zugang',
  'ended.not_allowed.text': 'Wer ihn geschickt hat, kann einen neuen schicken. Oder du beginnst eine eigene Sitzung.',
  'ended.link_closed': 'Dieser Link zum Zuschauen wurde geschlossen',
  'ended.link_closed.text': 'Bitte um einen neuen, oder beginne eine eigene Sitzung.',
  'ended.revoked': 'Dein Zugang zu dieser Sitzung wurde widerrufen',
  'ended.revoked.text':
    'Wer sie eröffnet hat, hat deine Einladung widerrufen oder dich ausgeschlossen. Du kannst eine eigene Sitzung beginnen.',
  'ended.invitation_expired': 'Diese Einladung ist abgelaufen',
  'ended.invitation_expired.text': 'Bitte um eine neue, oder beginne eine eigene Sitzung.',
  'ended.session_ended': 'Diese Sitzung wurde beendet',
  'ended.session_ended.text': 'Sie ist für alle vorbei, und ihre Bilder sind vom Server verschwunden.',
  'ended.misuse': 'Der Server hat die Verbindung beendet',
  'ended.misuse.text':
    'Er konnte mit einer Nachricht dieser Seite nichts anfangen. Nach einem Neuladen der Seite sollte es wieder gehen.',
  'ended.too_big': 'Etwas auf dem Weg nimmt nur kleine Nachrichten an',
  'ended.too_big.text':
    'Ein Proxy oder Relay zwischen dieser Seite und dem Server weist ab, was die Sitzung braucht. Wer es betreibt, muss die erlaubte Größe von WebSocket-Nachrichten anheben.',
  'ended.blocked': 'Diese Seite darf sich nicht mit dem Server verbinden',
  'ended.blocked.text':
    'Eine Seite, die über https kommt, kann keine unverschlüsselte Verbindung öffnen. Wer diese Website betreibt, muss auch den Proofroom-Server über https ansprechen.',
  'ended.blocked_by_policy': 'Diese Seite darf sich nicht mit dem Server verbinden',
  'ended.blocked_by_policy.text':
    'Die Content-Security-Policy der Website erlaubt es nicht. Wer die Website betreibt, muss den Proofroom-Server in connect-src eintragen.',
  'ended.keeps': 'Was hier zu sehen ist, bleibt, bis du die Seite verlässt.',
  'ended.newSession': 'Neue Sitzung beginnen',
  'ended.samePrompt': 'Neue Sitzung, gleicher Prompt',
  'ended.reconnect': 'Neu verbinden',

  'obstacle.unreachable': 'Der Server antwortet nicht',
  'obstacle.unreachable.text': 'Vielleicht ist dieses Gerät offline, oder sein Netz lässt nichts zum Server durch.',
  'obstacle.sign_in': 'Neu anmelden',
  'obstacle.sign_in.text':
    'Vor dem Server steht eine Anmeldung. Melde dich in einem anderen Tab an; diese Seite macht dann von selbst weiter.',
  'obstacle.server_away': 'Der Server ist gerade weg',
  'obstacle.server_away.text': 'Er wird neu gestartet, oder ein Proxy davor erreicht ihn nicht.',
  'obstacle.another_site': 'Unter der Adresse des Servers antwortet etwas anderes',
  'obstacle.another_site.text':
    'Das kann eine Seite zum Anmelden sein: Öffne sie, um es zu sehen. Wenn nicht, ist die Adresse falsch, oder Proofroom läuft dort nicht mehr.',
  'obstacle.foreign_page': 'Der Server antwortet dieser Seite nicht',
  'obstacle.foreign_page.text':
    'Wer ihn betreibt, muss die Adresse dieser Website in PROOFROOM_ALLOWED_ORIGINS eintragen. Oder er verlangt zuerst eine Anmeldung: Öffne ihn, um es zu sehen.',
  'obstacle.no_websocket': 'Kein WebSocket kommt durch',
  'obstacle.no_websocket.text':
    'Der Server antwortet, aber ein Proxy auf dem Weg verwirft WebSockets: Er muss Upgrade, Connection und Host weitergeben. Im Protokoll des Servers steht mehr.',
  'obstacle.goesOn': 'Diese Seite versucht es weiter.',
  'obstacle.signInLink': 'In neuem Tab anmelden',
  'obstacle.openLink': 'In neuem Tab öffnen',

  'error.title': 'Diesmal kein Bild',

  'reject.dismiss': 'Ausblenden',
  'reject.tooLateToCancel': 'Zum Abbrechen war es zu spät: Die Zeichnung war schon zu Ende.',
  'reject.invalid_message': 'Der Server hat diese Seite nicht verstanden. Bitte neu laden und noch einmal versuchen.',
  'reject.not_joined': 'Die Sitzung war noch nicht geöffnet. Bitte noch einmal versuchen.',
  'reject.session_not_found':
    'Diese Sitzung gibt es nicht mehr: Jemand hat sie beendet, der Server wurde neu gestartet, oder es war eine Weile niemand hier.',
  'reject.rate_limited': 'Das war zu viel auf einmal. Bitte einen Moment warten und noch einmal versuchen.',
  'reject.not_allowed': 'Das ist nicht erlaubt: Link, Schlüssel oder Zugangstoken reichen dafür nicht.',
  'reject.link_closed': 'Dieser Link zum Zuschauen wurde geschlossen. Bitte um einen neuen.',
  'reject.revoked': 'Dein Zugang zu dieser Sitzung wurde widerrufen.',
  'reject.invitation_expired': 'Diese Einladung ist abgelaufen. Bitte um eine neue.',
  'reject.prompt_empty': 'Zuerst einen Prompt schreiben.',
  'reject.prompt_too_long': 'Der Text ist zu lang.',
  'reject.name_invalid': 'Dieser Name ist leer, zu lang, oder einer, mit dem die Seite selbst Leute anspricht.',
  'reject.stale': 'Seit deinem Blick darauf ist die Sitzung weitergegangen.',
  'reject.wrong_stage': 'Das geht im Moment nicht.',
  'reject.image_not_found': 'Dieses Bild ist nicht mehr in der Sitzung.',
  'reject.decision_not_found': 'Diese Entscheidung gibt es in der Sitzung nicht.',
  'reject.participant_not_found': 'In dieser Sitzung gibt es weder diese Person noch diese Einladung.',
  'reject.image_in_use': 'Dieses Bild lässt sich nicht entfernen: Jemand hat darüber entschieden oder hat es geöffnet.',
  'reject.attempts_full': 'In dieser Sitzung ist kein Platz für weitere Bilder. Bitte zuerst welche entfernen.',
  'reject.invitations_full': 'Diese Sitzung hat so viele Einladungen, wie sie haben darf.',
  'reject.record_full': 'Das Protokoll dieser Sitzung ist voll: Es kann keine weitere Entscheidung aufnehmen.',
  'reject.server_busy': 'Der Server ist gerade voll. Bitte in Kürze noch einmal versuchen.',
  'reject.budget_exhausted':
    'Das Budget dieses Servers für heute ist aufgebraucht. Wer den Server betreibt, kann es anheben.',
  'reject.closed': 'Die Verbindung endete, bevor der Server geantwortet hat.',
  'reject.internal_error':
    'Auf dem Server ist etwas schiefgegangen. Bitte erst nachsehen, wie die Sitzung steht, und dann noch einmal versuchen.',

  'rejectDetail.too_many_pictures':
    'Innerhalb einer Minute wurden {where, select, session {in dieser Sitzung} address {von deiner Adresse aus} other {auf diesem Server}} zu viele Bilder angefordert. Bitte in {seconds, plural, one {# Sekunde} other {# Sekunden}} noch einmal anfordern.',
  'rejectDetail.fewer_pictures':
    'Innerhalb einer Minute wurden {where, select, session {in dieser Sitzung} address {von deiner Adresse aus} other {auf diesem Server}} zu viele Bilder angefordert. Bitte weniger auf einmal anfordern.',
  'rejectDetail.too_many_waiting':
    '{where, select, session {In dieser Sitzung warten} other {Von deiner Adresse aus warten}} schon zu viele Bilder. Bitte noch einmal anfordern, wenn einige davon fertig sind.',
  'rejectDetail.budget_low':
    'Das Budget dieses Servers für heute reicht nur noch für {pictures, plural, one {ein Bild} other {# Bilder}}. Ein neues gibt es in weniger als {hours, plural, one {einer Stunde} other {# Stunden}}, um Mitternacht UTC; wer den Server betreibt, kann es anheben.',
  'rejectDetail.expiry_past': 'Die Einladung wäre schon abgelaufen. Wähle einen späteren Zeitpunkt.',
  'rejectDetail.budget_used':
    'Das Budget dieses Servers für heute ist aufgebraucht. Ein neues gibt es in weniger als {hours, plural, one {einer Stunde} other {# Stunden}}, um Mitternacht UTC; wer den Server betreibt, kann es anheben.',

  'wait.sendsIn': 'Wird in {time} noch einmal geschickt.',
  'wait.start': '{time} warten, dann schicken',
  'wait.stop': 'Nicht länger warten',

  'unfinished.cancelled':
    '{who, select, you {Du hast} somebody {Jemand hat} other {<person>{name}</person> hat}} abgebrochen.',
  'unfinished.cancelledBecause':
    '{who, select, you {Du hast} somebody {Jemand hat} other {<person>{name}</person> hat}} abgebrochen: „{reason}“',
  'unfinished.finishedBefore':
    '{finished, plural, one {# von {candidates, number} Bildern war vorher fertig.} other {# von {candidates, number} Bildern waren vorher fertig.}}',
  'unfinished.failed': '{failed, number} von {candidates, plural, one {# Bild} other {# Bildern}} nicht gelungen',
  'unfinished.failedBecause': '{count, plural, one {# Bild} other {# Bilder}}: <text>{reason}</text>',
  'unfinished.add': 'In den Prompt übernehmen',
  'unfinished.added': 'In den Prompt übernommen',
  'unfinished.retry': '{count, plural, one {Dieses noch einmal versuchen} other {Diese # noch einmal versuchen}}',

  'action.justNow': 'gerade eben',
  'action.generate': '<person>{name}</person> hat ein Bild angefordert.',
  'action.regenerate': '<person>{name}</person> hat ein weiteres Bild angefordert.',
  'action.refine': '<person>{name}</person> hat eine Änderung angefordert.',
  'action.approve': '<person>{name}</person> hat dieses Bild freigegeben.',
  'action.request_changes': '<person>{name}</person> hat Änderungen verlangt.',
  'action.decline': '<person>{name}</person> hat die Prüfung ohne Bild beendet.',
  'action.withdraw': '<person>{name}</person> hat eine Entscheidung zurückgezogen.',
  'action.cancel': '<person>{name}</person> hat abgebrochen.',
  'action.start_over': '<person>{name}</person> hat neu angefangen.',
  'action.unknown': '<person>{name}</person> hat etwas geändert.',
  'actionAgo.generate': '{who, select, you {Du hast} other {{name} hat}} {ago} ein Bild angefordert.',
  'actionAgo.regenerate': '{who, select, you {Du hast} other {{name} hat}} {ago} ein weiteres Bild angefordert.',
  'actionAgo.refine': '{who, select, you {Du hast} other {{name} hat}} {ago} eine Änderung angefordert.',
  'actionAgo.approve': '{who, select, you {Du hast} other {{name} hat}} {ago} dieses Bild freigegeben.',
  'actionAgo.request_changes': '{who, select, you {Du hast} other {{name} hat}} {ago} Änderungen verlangt.',
  'actionAgo.decline': '{who, select, you {Du hast} other {{name} hat}} {ago} die Prüfung ohne Bild beendet.',
  'actionAgo.withdraw': '{who, select, you {Du hast} other {{name} hat}} {ago} eine Entscheidung zurückgezogen.',
  'actionAgo.cancel': '{who, select, you {Du hast} other {{name} hat}} {ago} abgebrochen.',
  'actionAgo.start_over': '{who, select, you {Du hast} other {{name} hat}} {ago} neu angefangen.',
  'actionAgo.unknown': '{who, select, you {Du hast} other {{name} hat}} {ago} etwas geändert.',

  'lost.approve': 'Deine Freigabe von Nr. {number, number} hat nicht gezählt: {reason}',
  'lost.request_changes': 'Deine Änderungswünsche an Nr. {number, number} haben nicht gezählt: {reason}',
  'lost.decline': 'Deine Ablehnung von Nr. {number, number} hat nicht gezählt: {reason}',
  'lostTo.generate': '{who, select, you {Du hast} other {{name} hat}} ein Bild angefordert.',
  'lostTo.regenerate': '{who, select, you {Du hast} other {{name} hat}} ein weiteres Bild angefordert.',
  'lostTo.refine': '{who, select, you {Du hast} other {{name} hat}} eine Änderung angefordert.',
  'lostTo.approve':
    '{who, select, you {Du hast} other {{name} hat}} {number, plural, =0 {ein anderes Bild} other {Nr. #}} freigegeben.',
  'lostTo.request_changes':
    '{who, select, you {Du hast} other {{name} hat}} Änderungen an {number, plural, =0 {einem Bild} other {Nr. #}} verlangt.',
  'lostTo.decline': '{who, select, you {Du hast} other {{name} hat}} die Prüfung ohne Bild beendet.',
  'lostTo.withdraw': '{who, select, you {Du hast} other {{name} hat}} eine Entscheidung zurückgezogen.',
  'lostTo.cancel': '{who, select, you {Du hast} other {{name} hat}} die Zeichnung abgebrochen.',
  'lostTo.start_over': '{who, select, you {Du hast} other {{name} hat}} neu angefangen.',
  'lostTo.unknown': '{who, select, you {Du hast} other {{name} hat}} etwas geändert.',
  'lostTo.discard': '{name} hat es verworfen.',
  'lostTo.gone': 'Das Bild ist nicht mehr in der Sitzung.',

  'stage.unknown': 'Unbekannter Stand',
  'stage.unknown.text':
    'Diese Seite kennt den Stand nicht, in dem die Sitzung ist. Ein Neuladen holt die neueste Version der Seite.',

  'watch.title': 'Du schaust zu',
  'watch.initial_input': 'Noch ist kein Bild angefordert. Es erscheint hier von selbst.',
  'watch.generating': 'Das Bild erscheint hier, während es gezeichnet wird.',
  'watch.user_feedback': 'Über dieses Bild wird gerade entschieden.',
  'watch.toDecide': 'Zum Mitentscheiden braucht es den Link dafür.',
  'watch.unknownRole': 'Diese Seite kennt deine Rolle hier nicht. Ein Neuladen holt die neueste Version der Seite.',
  'watch.draft': 'Der Prompt, wie er gerade entsteht',

  'decision.question': 'Ist es dieses Bild?',
  'decision.which': 'Welches davon?',
  'decision.whichHint': 'Eins freigeben, oder eins zum Ansehen und Überarbeiten öffnen.',

  'decision.youApproved': 'Du hast es freigegeben',
  'decision.notCounted':
    'Was du entscheidest, kommt ins Protokoll. Deine Freigabe zählt hier nicht: Es zählen nur die von der Person, die die Sitzung eröffnet hat, und von Eingeladenen.',
  'decision.addNote': 'Notiz hinzufügen',
  'decision.note': 'Notiz zu deiner Freigabe',
  'decision.notePlaceholder': 'Optional: warum, oder worauf zu achten ist',
  'decision.requestChanges': 'Änderungen verlangen',
  'decision.requestChangesOf': 'Änderungen an Nr. {number, number} verlangen',
  'decision.changes': 'Was an Nr. {number, number} zu ändern ist',
  'decision.changesPlaceholder': 'Das Boot ist zu groß',
  'decision.changesHint':
    'Deine Worte bleiben für alle hier beim Bild und werden für die nächste Überarbeitung vorgeschlagen.',
  'decision.changesEmpty': 'Zuerst sagen, was anders werden soll.',
  'decision.reasonEmpty': 'Zuerst sagen, warum.',
  'decision.keepOpen': 'Doch nicht',
  'decision.decline': 'Ablehnen …',
  'decision.undo': 'Rückgängig',
  'decision.withdraw': 'Zurückziehen',

  'decisions.title': 'Entscheidungen über dieses Bild',
  'decisions.approved': '{who, select, you {Du hast} other {<person>{name}</person> hat}} es freigegeben',
  'decisions.changes_requested': '{who, select, you {Du hast} other {<person>{name}</person> hat}} Änderungen verlangt',
  'decisions.declined': '{who, select, you {Du hast} other {<person>{name}</person> hat}} abgelehnt',
  'decisions.unknown': '{who, select, you {Du hast} other {<person>{name}</person> hat}} entschieden',
  'decisions.withdrawn': 'Zurückgezogen',

  'held.title': 'Steht gerade nicht zur Wahl',
  'held.discarded': 'Entscheiden lässt sich darüber, sobald es wiederhergestellt ist.',
  'held.gone': 'Die Sitzung hat es nicht mehr, also lässt sich nicht darüber entscheiden.',

  'happened.discarded': '<person>{name}</person> hat Nr. {number, number} verworfen, das du geöffnet hast.',
  'happened.startedOver':
    '<person>{name}</person> hat neu angefangen. Nr. {number, number}, das du geöffnet hast, ist nicht mehr in der Sitzung.',
  'happened.removed': 'Nr. {number, number}, das du geöffnet hast, wurde aus der Sitzung entfernt.',
  'happened.leave': 'Ohne es weitermachen',
  'happened.clickLost': 'Dieser Klick hat nicht gezählt: {reason}',
  'happened.clickIgnored': 'Dieser Klick hat nicht gezählt: Das Bild war gerade erst erschienen.',

  'makeRoom.title': 'Platz schaffen für das nächste Bild?',
  'makeRoom.full': 'Eine Sitzung hat Platz für {limit, number} Bilder, und diese ist voll.',
  'makeRoom.going':
    '{count, plural, one {Eins von diesen muss für immer weg; es kann auch ein anderes sein.} other {# von diesen müssen für immer weg; es können auch andere sein.}}',
  'makeRoom.others':
    'Bilder, über die jemand entschieden hat, die jemand geöffnet hat oder über die jemand schreibt, sind nicht dabei.',
  'makeRoom.impossible':
    'Über jedes Bild, das Platz machen könnte, hat jemand entschieden, oder jemand hat es geöffnet. Weniger auf einmal anfordern, oder neu anfangen.',
  'makeRoom.keep': 'Alle behalten',
  'makeRoom.confirm': '{count, plural, one {Entfernen und weiter} other {# entfernen und weiter}}',

  'forgotten.pictures':
    '{count, plural, one {Bild Nr. {numbers} musste} other {Die Bilder Nr. {numbers} mussten}} aufgegeben werden, weil der Speicher knapp war und niemand hier war.',

  'decline.title': 'Die Prüfung ohne Bild beenden?',
  'decline.text':
    'Dann kann niemand mehr ein Bild freigeben oder ein weiteres anfordern. Die Bilder bleiben, und du kannst es zurückziehen, solange es die Sitzung gibt.',
  'decline.reason': 'Warum?',
  'decline.keep': 'Weiter prüfen',
  'decline.confirm': 'Ablehnen',

  'withdraw.title':
    'Deine {decision, select, approved {Freigabe} declined {Ablehnung} other {Entscheidung}} von Nr. {number, number} zurückziehen?',
  'withdraw.text': 'Die Prüfung geht dann für alle in dieser Sitzung weiter. Im Protokoll steht beides.',
  'withdraw.keep': 'Dabei bleiben',

  'approvals.waiting': '{count, number} von {needed, number}, es fehlt: {names}',
  'approvals.tooFew': '{count, number} von {needed, number}. Es sind noch nicht genug Personen eingeladen.',
  'approvals.enough': '{count, number} von {needed, number}. Die nächste Freigabe entscheidet.',
  'approvals.you': 'du',
  'approvals.needed': '{count, plural, one {# Freigabe nötig} other {# Freigaben nötig}}',
  'approvals.change': 'Wie viele müssen dasselbe Bild freigeben?',
  'approvals.people': '{count, plural, one {# Person} other {# Personen}}',
  'approvals.whose':
    'Sind es mehrere, zählen nur deine Freigabe und die von Eingeladenen. Bisherige Freigaben bleiben bestehen.',

  'outcome.declined': 'Abgelehnt',
  'outcome.unknown': 'Die Prüfung ist zu Ende',

  'decision.unseen': 'Dieses Bild lässt sich hier nicht freigeben',
  'decision.onlySeen': 'Freigeben lässt sich ein Bild nur dort, wo es zu sehen ist.',
  'decision.downloadOrLeave': 'Zum Ansehen herunterladen, oder die Entscheidung jemandem überlassen, der es sieht.',
  'decision.leaveNoDownload':
    'Die Entscheidung jemandem überlassen, der es sieht. Herunterladen lässt sich ein Bild auf diesem Server erst nach der Freigabe.',
  'decision.leave': 'Die Entscheidung jemandem überlassen, der es sieht.',

  'approval.approved': 'Freigegeben',
  'approval.otherApproved': 'Nr. {number, number} ist freigegeben',
  'approval.by': 'von <person>{name}</person><soft>, <time>{when}</time></soft>',
  'approval.digest': 'SHA-256 <code>{digest}</code>',
  'approval.copyDigest': 'Prüfsumme kopieren',

  'progress.label': 'Das Bild entsteht',
  'progress.starting': 'Beginnt',
  'progress.queued': 'In der Warteschlange',
  'progress.queuedAt': 'Wartet, Platz {place, number}',
  'progress.started': 'An das Modell gesendet',
  'progress.drawing': 'Wird gezeichnet',
  'progress.drawingSeveral': '{count, number} Bilder werden gezeichnet',
  'progress.trySoon': '{try, number}. Versuch folgt',
  'progress.tryIn': '{try, number}. Versuch in {seconds, number} s',
  'progress.tryNow': '{try, number}. Versuch beginnt',
  'progress.tryFollows': 'Der {try, number}. Versuch folgt.',
  'progress.unknown': 'In Arbeit',
  'progress.tryOf': 'Versuch {try, number} von {tries, number}.',
  'progress.finishedOf': '{finished, number} von {pictures, number} fertig.',
  'progress.lastTryFailed': 'Der letzte Versuch ist gescheitert.',
  'progress.thatTryFailed': 'Dieser Versuch ist gescheitert.',
  'progress.offline':
    'Wie weit es ist, zeigt sich, sobald die Verbindung zurück ist. Gezeichnet wird auch ohne sie weiter.',
  'progress.usualSeconds': 'Meist etwa {seconds, number} s{isLate, select, yes {; dieses dauert länger} other {}}.',
  'progress.usualMinutes': 'Meist etwa {minutes, number} min{isLate, select, yes {; dieses dauert länger} other {}}.',
  'progress.toChange': 'Zu ändern: <quote>{feedback}</quote>',

  'cancel.cancel': 'Abbrechen',
  'cancel.cancelLeft': '{count, plural, one {Das letzte abbrechen} other {Die # übrigen abbrechen}}',
  'cancel.reason': 'Was stimmt daran nicht?',
  'cancel.placeholder': 'Freiwillig: der Grund, für den nächsten Versuch',
  'cancel.billed': 'Auch eine abgebrochene Zeichnung kann etwas kosten.',

  'prompt.headline': 'Was soll das Bild zeigen?',
  'prompt.label': 'Prompt',
  'prompt.nextLabel': 'Der nächste Prompt',
  'prompt.placeholder': 'Ein Reiher am Ufer eines nebligen Sees, erstes Licht, zartes Aquarell',
  'prompt.generate': 'Erzeugen',
  'prompt.regenerate': 'Neu erzeugen',
  'prompt.waits': 'Der Text wartet hier, bis dieses Bild fertig ist.',
  'prompt.samePrompt':
    'Derselbe Prompt ergibt noch einmal {count, plural, one {ein anderes Bild} other {# andere Bilder}}.',
  'prompt.otherPrompt': '„Neu erzeugen“ zeichnet den Prompt so, wie er jetzt hier steht.',
  'prompt.empty': 'Zuerst einen Prompt schreiben: Was soll das Bild zeigen?',
  'prompt.tooLong': 'Der Prompt ist um {count, plural, one {# Zeichen} other {# Zeichen}} zu lang.',
  'text.keys': 'Enter schickt ab, Umschalt + Enter beginnt eine neue Zeile.',
  'text.tooLong': 'Das ist um {count, plural, one {# Zeichen} other {# Zeichen}} zu lang.',
  'text.showAll': 'Alles zeigen',
  'text.showLess': 'Weniger zeigen',
  'text.count': '{count, number} von {limit, number}',

  'examples.title': 'Oder mit einem davon beginnen',
  'examples.first': 'Ein Segelboot vor winterlicher Küste, Linolschnitt in zwei Farben',
  'examples.second': 'Stillleben mit Wiesenblumen, Morgenlicht',
  'examples.third': 'Plakat für einen Nachtzug nach Lissabon, kräftige Flächen',

  'refine.label': 'Was soll sich ändern?',
  'refine.labelOf': 'Was soll sich an Nr. {number, number} ändern?',
  'refine.placeholder': 'Wärmeres Licht, und kein Boot',
  'refine.demoPlaceholder': 'Wärmeres Licht, und mehr davon',
  'refine.refine': 'Überarbeiten',
  'refine.refineOf': 'Überarbeiten: Nr. {number, number}',
  'refine.suggestedBy.cancel': 'Aus der abgebrochenen Zeichnung. Der Text lässt sich ändern.',
  'refine.suggestedBy.changes': 'Aus den verlangten Änderungen. Der Text lässt sich ändern.',
  'refine.gone': 'Deine Worte bleiben bei diesem Bild. Abschicken geht, wenn es wieder zur Wahl steht.',
  'refine.chosen': 'Wie unten gewählt: {options}.',
  'refine.empty': 'Zuerst sagen, was sich ändern soll.',

  'options.title': 'Optionen',
  'options.automatic': 'Automatisch',
  'options.usualModel': '{model} (üblich)',
  'options.pictures': '{count, plural, one {# Bild} other {# Bilder}}',
  'options.previews': '{count, plural, =0 {Keine Vorschau} one {# Vorschau} other {# Vorschauen}}',
  'options.billed': 'Jedes Bild wird einzeln berechnet.',
  'option.candidates': 'Bilder auf einmal',
  'option.model': 'Modell',
  'option.size': 'Größe',
  'option.size.square': 'Quadrat',
  'option.size.landscape': 'Querformat',
  'option.size.portrait': 'Hochformat',
  'option.quality': 'Qualität',
  'option.quality.low': 'Niedrig',
  'option.quality.medium': 'Mittel',
  'option.quality.high': 'Hoch',
  'option.quality.xhigh': 'Sehr hoch',
  'option.quality.max': 'Höchste',
  'option.format': 'Format',
  'option.background': 'Hintergrund',
  'option.background.opaque': 'Deckend',
  'option.background.transparent': 'Transparent',
  'option.compression': 'Kompression',
  'option.compression.level': 'Kompression {level, number}',
  'option.compression.range': 'Kompression, {least, number} bis {most, number}',
  'option.partialImages': 'Vorschauen',
  'option.partialImages.none': 'Keine',

  'picture.number': 'Nr. {number, number}',
  'picture.name':
    'Nr. {number, number}, {prompt}{origin, select, refined {, überarbeitet aus Nr. {parent, number}} regenerated {, neu erzeugt aus Nr. {parent, number}} other {}}{approved, select, yes {, freigegeben} other {}}{changes, select, yes {, Änderungen verlangt} other {}}',
  'picture.numberAndText': 'Nr. {number, number}: {text}',
  'picture.numberAndTextComing': 'Nr. {number, number}: {text}. Unterwegs.',
  'picture.numberAndTextMissing': 'Nr. {number, number}: {text}. {problem}.',
  'picture.partial': 'Vorschau, noch nicht fertig: {prompt}',
  'picture.previous': 'Voriges Bild: {prompt}',
  'picture.finished': 'Erzeugtes Bild: {prompt}',
  'picture.several': '{count, number} Bilder aus einem Prompt',
  'picture.captionPreview': 'Vorschau',
  'picture.captionPreviewOf': 'Vorschau. {phase}',
  'picture.captionPrevious': 'Voriges Bild',
  'picture.captionFailed': 'Kein Bild',
  'picture.lookClosely': 'Genau ansehen',
  'picture.lookCloselyAt': 'Nr. {number, number} genau ansehen',
  'picture.showDrawn': 'Zeigen, was gezeichnet wird',
  'picture.showApproved': 'Das freigegebene Bild zeigen',
  'picture.showNewest': 'Das neueste Bild zeigen',
  'picture.showAll': 'Alle {count, number} Bilder zeigen',

  'problem.undecodable': 'Dein Browser kann dieses Bild nicht zeigen',
  'problem.undecodable.text': 'Vielleicht ist die Datei beschädigt oder von einer Art, die dieser Browser nicht kennt.',
  'problem.blocked_by_policy': 'Dein Browser kann dieses Bild nicht zeigen',
  'problem.blocked_by_policy.text':
    'Die Content-Security-Policy dieser Website verbietet es: Wer sie betreibt, muss blob: in img-src eintragen.',
  'problem.damaged': 'Dieses Bild kam beschädigt an',
  'problem.damaged.text':
    'Etwas zwischen dieser Seite und dem Server hat seine Bytes verändert. Noch einmal öffnen versucht es erneut.',
  'problem.unreachable': 'Dieses Bild ist nicht angekommen',
  'problem.unreachable.text':
    'Etwas zwischen dieser Seite und dem Server hält es zurück. Noch einmal öffnen versucht es erneut.',

  'tools.download': 'Herunterladen',
  'tools.copy': 'Bild kopieren',
  'tools.saveLater': 'Beides gibt es mit der Freigabe.',
  'tools.discard': 'Nr. {number, number} verwerfen',

  'strip.label': 'Bilder',
  'strip.earlier': 'Frühere Bilder',
  'strip.later': 'Spätere Bilder',
  'strip.discarded': 'Nr. {number, number} ist verworfen.',
  'strip.discardedBy': '<person>{name}</person> hat Nr. {number, number} verworfen.',
  'strip.unseen': 'Dein Browser kann es nicht zeigen.',
  'strip.undo': 'Rückgängig',
  'strip.compare': 'Vergleichen',
  'strip.discardedList': 'Verworfen ({count, number})',
  'strip.listedDiscarded':
    'Nr. {number, number}<soft>, von {who, select, you {dir} other {<person>{name}</person>}}</soft>',
  'strip.restore': 'Wiederherstellen',
  'strip.restoreOf': 'Wiederherstellen: Nr. {number, number}',

  'compare.title': 'Vergleich',
  'compare.closeLook': 'Genauer Blick',
  'compare.closeLookAt': 'Genauer Blick auf Nr. {number, number}',
  'compare.how': 'Wie verglichen wird',
  'compare.sideBySide': 'Nebeneinander',
  'compare.slider': 'Schieber',
  'compare.swap': 'Tauschen',
  'compare.swapName': 'Tauschen: die beiden Bilder',
  'compare.first': 'Erstes Bild',
  'compare.second': 'Zweites Bild',
  'compare.choose': 'Ein Bild wählen',
  'compare.gone': 'Dieses Bild ist nicht mehr da.',
  'compare.oneGone': 'Eins der Bilder ist nicht mehr da.',
  'compare.both': 'Nr. {first, number} und Nr. {second, number}',
  'compare.open': 'Nr. {number, number} öffnen',
  'compare.approve': 'Freigeben: Nr. {number, number}',
  'compare.pixels': '{width, number, ::group-off} × {height, number, ::group-off}',
  'compare.pixelsAt': '{width, number, ::group-off} × {height, number, ::group-off} bei {zoom, number, ::percent}',
  'compare.divider': 'Trennlinie',
  'compare.dividerShares':
    '{firstShare, number, ::percent} Nr. {first, number}, {secondShare, number, ::percent} Nr. {second, number}',
  'compare.keys':
    'Plus und Minus ändern die Größe, die Pfeiltasten verschieben. 0 zeigt das ganze Bild, 1 seine wirklichen Pixel.',
  'compare.drawingWatched': 'Es wird noch ein Bild gezeichnet.',
  'compare.drawing': 'Gerade wird ein weiteres Bild gezeichnet; so lange lässt sich nichts freigeben.',

  'zoom.label': 'Zoom',
  'zoom.out': 'Verkleinern',
  'zoom.in': 'Vergrößern',
  'zoom.fit': 'Einpassen',
  'zoom.actual': 'Originalgröße',

  'changes.label': 'Was sich geändert hat',
  'changes.refined': 'Überarbeitet aus Nr. {number, number}',
  'changes.regenerated': 'Neu erzeugt aus Nr. {number, number}',
  'changes.refinedDiscarded': 'Überarbeitet aus Nr. {number, number}, die verworfen ist',
  'changes.regeneratedDiscarded': 'Neu erzeugt aus Nr. {number, number}, die verworfen ist',
  'changes.refinedDropped': 'Überarbeitet aus einem Bild, das es nicht mehr gibt',
  'changes.regeneratedDropped': 'Neu erzeugt aus einem Bild, das es nicht mehr gibt',
  'changes.option': '{title}:',
  'changes.to': 'zu',
  'changes.samePrompt': 'Noch einmal derselbe Prompt.',

  'facts.title': 'Über dieses Bild',
  'facts.picture': 'Bild',
  'facts.took': 'Dauer',
  'facts.tokens': 'Tokens',
  'facts.tokensInOut': '{input, number} hin, {output, number} zurück',
  'facts.cost': 'Kosten',
  'facts.costAbout': 'etwa {amount}<soft>, aus den Tokens geschätzt</soft>',
  'facts.drawnBy': 'Gezeichnet von',
  'facts.image': 'Datei',
  'facts.imageIs': '{width, number, ::group-off} × {height, number, ::group-off}, {format}, {size}',
  'facts.prompt': 'Prompt',
  'facts.revisedPrompt': 'Prompt des Modells',

  'state.details': 'Einzelheiten der Sitzung',
  'state.generator': 'Generator',
  'state.revision': 'Revision',
  'state.title': 'Stand der Sitzung',
  'state.json': 'Stand der Sitzung als JSON',
  'state.copy': 'JSON kopieren',

  'record.show': 'Protokoll ({count, number})',
  'record.title': 'Protokoll',
  'record.pageTitle': 'Protokoll: {prompt}',
  'record.print': 'Drucken …',
  'record.save': 'Als JSON herunterladen',
  'record.blocked':
    'Der Browser hat die Seite zum Drucken blockiert. Dieser Website das Öffnen von Fenstern erlauben und noch einmal versuchen.',
  'record.madeAt': 'Stand: {when}.',
  'record.session': 'Sitzung <code>{digest}</code>.',
  'record.open': 'Noch nicht entschieden.',
  'record.isApproved': 'Nr. {number, number} ist freigegeben.',
  'record.isDeclined': 'Die Prüfung endete ohne Bild.',
  'record.needed':
    '{count, plural, one {# Person muss dasselbe Bild freigeben.} other {# Personen müssen dasselbe Bild freigeben.}}',
  'record.incomplete':
    '{count, plural, one {# Eintrag ist noch nicht angekommen.} other {# Einträge sind noch nicht angekommen.}}',
  'record.approved': '<person>{name}</person> hat <picture>Nr. {number, number}</picture> freigegeben.',
  'record.changes_requested':
    '<person>{name}</person> hat Änderungen an <picture>Nr. {number, number}</picture> verlangt.',
  'record.declined':
    '<person>{name}</person> hat die Prüfung ohne Bild beendet, vor sich <picture>Nr. {number, number}</picture>.',
  'record.withdrawn':
    '<person>{name}</person> hat {decision, select, approved {die Freigabe von} changes_requested {den Änderungswunsch zu} declined {das Ende der Prüfung bei} other {eine Entscheidung über}} <picture>Nr. {number, number}</picture> zurückgenommen.',
  'record.approvals_changed':
    '<person>{name}</person> hat geändert, wie viele Personen dasselbe Bild freigeben müssen: von nun an {count, number}.',
  'record.invited':
    '<person>{name}</person> hat <person>{invitee}</person> {role, select, reviewer {zum Entscheiden} watcher {zum Zuschauen} other {}} eingeladen.',
  'record.revoked':
    '<person>{name}</person> hat die Einladung von <person>{invitee}</person> {role, select, reviewer {zum Entscheiden} watcher {zum Zuschauen} other {}} zurückgezogen.',
  'record.forgotten':
    'Der Server brauchte Speicher, während niemand die Sitzung nutzte, und hat {count, plural, one {ein Bild} other {# Bilder}} aufgegeben: {numbers}.',
  'record.unknown': 'Etwas, das diese Seite nicht kennt. Neu laden bringt ihre neueste Fassung.',
  'record.wasWithdrawn': 'Zurückgenommen',
  'record.notCounted': 'Zählt nicht',
  'record.pictures': 'Bilder',
  'record.madeFrom': 'Entstanden aus',
  'record.samePrompt': 'Derselbe wie von Nr. {number, number}.',
  'record.feedback': 'Zu ändern',
  'record.drawn': 'Gezeichnet',
  'record.gone': 'Nicht mehr in der Sitzung',
  'record.missing': 'Ließ sich nicht laden',
  'role.reviewer': 'Entscheidet',
  'role.watcher': 'Schaut zu',

  'announce.connectionLost': 'Die Verbindung ist weg. Sie wird neu aufgebaut.',
  'announce.serverBusy': 'Der Server ist ausgelastet. Es wird weiter versucht.',
  'announce.obstacle': '{title}. Es wird weiter versucht.',
  'announce.sentence': '{title}.',
  'announce.noPrompt': 'Noch ist kein Bild angefordert.',
  'announce.watched': 'Das Bild ist fertig. Darüber wird gerade entschieden.',
  'announce.severalWatched': '{count, number} Bilder sind fertig. Darüber wird gerade entschieden.',
  'announce.readyForPrompt': 'Bereit für einen Prompt.',
  'announce.drawing': 'Das Bild entsteht. {phase}.',
  'announce.cancelled': 'Die Zeichnung ist abgebrochen.',
  'announce.ready': 'Das Bild wartet auf deine Entscheidung.',
  'announce.severalReady': '{count, number} Bilder sind fertig. Zum Entscheiden eins davon öffnen.',
  'announce.approved': '{name} hat das Bild freigegeben.',
  'announce.declinedBy': '{name} hat abgelehnt: Die Prüfung ist ohne Bild zu Ende.',
  'announce.approve': '{who, select, you {Du hast} other {{name} hat}} Nr. {number, number} freigegeben.',
  'announce.request_changes':
    '{who, select, you {Du hast} other {{name} hat}} Änderungen an Nr. {number, number} verlangt.',
  'announce.withdraw':
    '{who, select, you {Du hast} other {{name} hat}} eine Entscheidung über Nr. {number, number} zurückgezogen. Die Prüfung geht weiter.',
  'announce.declined': 'Die Prüfung ist ohne Bild zu Ende.',
  'announce.approvedBySomebody': 'Das Bild ist freigegeben.',

  'failure.moderation_picture':
    'Die Sicherheitsprüfung {service, select, image_server {des Bildservers} other {von {service}}} hat das Bild abgelehnt. Bitte anders formulieren und noch einmal anfordern.',
  'failure.moderation_prompt':
    'Die Sicherheitsprüfung {service, select, image_server {des Bildservers} other {von {service}}} hat den Prompt abgelehnt. Bitte anders formulieren und noch einmal anfordern.',
  'failure.moderation_request':
    'Die Sicherheitsprüfung {service, select, image_server {des Bildservers} other {von {service}}} hat die Anfrage abgelehnt. Bitte anders formulieren und noch einmal anfordern.',
  'failure.no_credit':
    'Das Konto {service, select, image_server {beim Bildserver} other {bei {service}}} hat kein Guthaben mehr oder sein Ausgabenlimit erreicht. Wer diesen Server betreibt, kann in den Abrechnungseinstellungen des Kontos Guthaben aufladen oder das Limit anheben.',
  'failure.unverified_organization':
    '{service, select, image_server {Der Bildserver} other {{service}}} lässt nur verifizierte Organisationen das Bildmodell {imageModel} verwenden. Die Organisation in den Einstellungen des Kontos verifizieren, oder PROOFROOM_IMAGE_MODEL auf ein Modell setzen, das keine Verifizierung braucht.',
  'failure.no_such_model':
    '{service, select, image_server {Der Bildserver} other {{service}}} hat kein Bildmodell namens {imageModel}. PROOFROOM_IMAGE_MODEL berichtigen und den Server neu starten.',
  'failure.no_such_models':
    '{service, select, image_server {Der Bildserver} other {{service}}} bietet diesem API-Schlüssel kein Modell namens {model} oder {imageModel}. PROOFROOM_MODEL oder PROOFROOM_IMAGE_MODEL berichtigen und den Server neu starten.',
  'failure.key_lacks_permission':
    'Der API-Schlüssel darf keine Bilder zeichnen. Ihm in seinen Berechtigungen die {api} erlauben, oder OPENAI_API_KEY auf einen anderen Schlüssel setzen und den Server neu starten.',
  'failure.key_refused':
    '{service, select, image_server {Der Bildserver} other {{service}}} hat den API-Schlüssel abgelehnt. OPENAI_API_KEY auf einen gültigen Schlüssel setzen und den Server neu starten.',
  'failure.key_unusable':
    'Der API-Schlüssel für OpenAI enthält ein Zeichen, das in keinem Schlüssel vorkommt. OPENAI_API_KEY berichtigen und den Server neu starten.',
  'failure.region_unsupported':
    '{service, select, image_server {Der Bildserver} other {{service}}} bedient das Land oder die Region nicht, in der dieser Server läuft.',
  'failure.proxy_sign_in':
    'Ein Proxy verlangt von diesem Server eine Anmeldung. Name und Passwort in HTTPS_PROXY eintragen, wie in http://name:password@proxy.example:3128, und den Server neu starten.',
  'failure.not_allowed':
    '{service, select, image_server {Der Bildserver} other {{service}}} erlaubt diesem Server nicht, Bilder zu zeichnen. Projekt und Berechtigungen des API-Schlüssels im Konto dort prüfen.',
  'failure.no_edits':
    '{service, select, image_server {Der Bildserver} other {{service}}} kann ein vorhandenes Bild nicht ändern. Mit anderen Worten ein neues anfordern; wer diesen Server betreibt, kann PROOFROOM_REFINE=0 setzen.',
  'failure.redirected':
    'Der Dienst verweist an eine andere Adresse. OPENAI_BASE_URL berichtigen, vielleicht auf https, und den Server neu starten.',
  'failure.no_such_api':
    'Der Dienst hat unter seiner Adresse keine {api}. OPENAI_BASE_URL berichtigen und den Server neu starten.',
  'failure.not_the_api':
    'Was geantwortet hat, ist nicht die API {service, select, image_server {des Bildservers} other {von {service}}}. OPENAI_BASE_URL prüfen, und jeden Proxy dazwischen.',
  'failure.request_too_large':
    '{service, select, image_server {Der Bildserver} other {{service}}} oder ein Gateway oder Proxy dazwischen nimmt keine so große Anfrage an. Von einem kleineren Bild ausgehen, oder von einem im Format JPEG oder WebP; wer das Gateway betreibt, kann sein Limit anheben.',
  'failure.rate_limited':
    '{service, select, image_server {Der Bildserver} other {{service}}} ist ausgelastet, oder dieses Konto fragt zu oft an. Bitte eine Minute warten und noch einmal anfordern.',
  'failure.wait_minutes':
    '{service, select, image_server {Der Bildserver} other {{service}}} lässt alle mit diesem Schlüssel {minutes, number, ::unit/minute unit-width-full-name} warten. Bitte danach noch einmal anfordern.',
  'failure.wait_hours':
    '{service, select, image_server {Der Bildserver} other {{service}}} lässt alle mit diesem Schlüssel {hours, number, ::unit/hour unit-width-full-name} warten. Bitte danach noch einmal anfordern.',
  'failure.wait_days':
    '{service, select, image_server {Der Bildserver} other {{service}}} lässt alle mit diesem Schlüssel länger als einen Tag warten. Bitte danach noch einmal anfordern.',
  'failure.timed_out':
    '{service, select, image_server {Der Bildserver} other {{service}}} hat zu lange nicht geantwortet. Bitte noch einmal anfordern.',
  'failure.silent':
    '{service, select, image_server {Der Bildserver} other {{service}}} hat {seconds, number, ::unit/second unit-width-full-name} lang nichts gesendet, darum wurde der Versuch aufgegeben. Ob das Bild gezeichnet und berechnet wurde, ist nicht bekannt. Bitte noch einmal anfordern.',
  'failure.unfinished':
    '{service, select, image_server {Der Bildserver} other {{service}}} war nach {seconds, plural, one {# Sekunde} other {# Sekunden}} nicht fertig, darum wurde aufgegeben. Ob das Bild gezeichnet und berechnet wurde, ist nicht bekannt. Bitte noch einmal anfordern.',
  'failure.service_fault':
    '{service, select, image_server {Der Bildserver} other {{service}}} hatte selbst einen Fehler und hat nichts gezeichnet. Bitte in einem Moment noch einmal anfordern.',
  'failure.request_refused':
    '{service, select, image_server {Der Bildserver} other {{service}}} hat die Anfrage abgelehnt, vielleicht wegen einer Option, die das Modell nicht kennt. Größe, Qualität, Hintergrund oder Format ändern und noch einmal anfordern.',
  'failure.unexplained':
    '{service, select, image_server {Der Bildserver} other {{service}}} ist ohne einen Grund gescheitert, den dieser Server kennt. Bitte noch einmal anfordern.',
  'failure.unexpected':
    'Die Anfrage {service, select, image_server {beim Bildserver} other {bei {service}}} ist aus einem Grund gescheitert, den dieser Server nicht kennt.',
  'failure.unreachable':
    '{service, select, image_server {Der Bildserver} other {{service}}} war nicht zu erreichen. Das Netz dieses Servers prüfen, und OPENAI_BASE_URL und HTTPS_PROXY, falls sie gesetzt sind.',
  'failure.cut':
    'Die Verbindung {service, select, image_server {zum Bildserver} other {zu {service}}} brach ab, bevor das Bild vollständig war. Bitte noch einmal anfordern.',
  'failure.too_much_data':
    '{service, select, image_server {Der Bildserver} other {{service}}} hat mehr Daten gesendet, als dieser Server für ein Bild annimmt.',
  'failure.not_an_image':
    '{service, select, image_server {Der Bildserver} other {{service}}} hat etwas gesendet, das kein Bild in PNG, JPEG oder WebP ist. Bitte noch einmal anfordern.',
  'failure.image_damaged':
    'Das Bild kam unvollständig oder beschädigt an. Berechnet wurde es vielleicht trotzdem. Bitte noch einmal anfordern.',
  'failure.image_too_big':
    '{service, select, image_server {Der Bildserver} other {{service}}} hat ein Bild mit mehr Bytes oder Pixeln gesendet, als dieser Server annimmt. Bitte ein kleineres anfordern.',
  'failure.only_an_address':
    '{service, select, image_server {Der Bildserver} other {{service}}} hat statt des Bildes dessen Adresse gesendet, und dieser Server ruft keine ab. Ihn so einrichten, dass er mit b64_json antwortet.',
  'failure.no_image':
    '{service, select, image_server {Der Bildserver} other {{service}}} hat ohne ein Bild geantwortet. Im Prompt klarer sagen, was zu zeichnen ist, und noch einmal anfordern.',
  'failure.demo_failed': 'Das Demo-Programm konnte das Bild nicht fertig malen. Bitte noch einmal versuchen.',
  'failure.demo_too_large':
    'Das Demo-Programm malt bis zu {pixels, number, ::group-off} mal {pixels, number, ::group-off} Pixel. Bitte eine kleinere Größe wählen.',
  'failure.no_memory':
    'Der Server hat keinen Speicher mehr für ein weiteres Bild. Nichts wurde gezeichnet oder berechnet. Bitte in einer Weile noch einmal anfordern.',
  'failure.no_budget':
    'Das Budget dieses Servers für heute reicht nicht für einen weiteren Versuch. Ein neues gibt es um Mitternacht UTC.',
  'failure.servers_stopped':
    'Zwei Server, die daran gezeichnet haben, sind nacheinander ausgefallen. Beide Versuche können berechnet worden sein. Bitte noch einmal anfragen.',
  'failure.server_fault':
    'Auf dem Server ist etwas schiefgegangen, während das Bild entstand. Bitte noch einmal versuchen.',

  'retry.busy': '{service, select, image_server {Der Bildserver} other {{service}}} ist ausgelastet.',
  'retry.slow': '{service, select, image_server {Der Bildserver} other {{service}}} hat zu lange nicht geantwortet.',
  'retry.connection_failed':
    'Die Verbindung {service, select, image_server {zum Bildserver} other {zu {service}}} ist gescheitert.',
  'retry.fault': '{service, select, image_server {Der Bildserver} other {{service}}} hatte selbst einen Fehler.',
  'retry.try_had_begun':
    'Beim {try, plural, =1 {ersten} =2 {zweiten} =3 {dritten} other {#.}} Versuch hatte das Zeichnen begonnen; vielleicht wird er berechnet.',
  'retry.tries_had_begun':
    'Bei {tries, number} Versuchen hatte das Zeichnen begonnen; vielleicht werden sie berechnet.',
  'retry.server_stopped':
    'Der Server, der daran gezeichnet hat, ist ausgefallen. Der erste Versuch kann berechnet worden sein.',
  'retry.billing_unknown':
    'Ob {service, select, image_server {der Bildserver} other {{service}}} trotzdem gezeichnet und berechnet hat, ist nicht bekannt.',
} as const satisfies Messages;
