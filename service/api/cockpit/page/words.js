// The words of the page, by language. `en` has every word; a test asks the same of the others.

const en = {
  skip: "Skip to the content", subsidiary: "Subsidiary", language: "Language", signIn: "Sign in", signOut: "Sign out",
  keyLabel: "API key", keyHint: "A key that may read results and statistics. It stays in this tab and is forgotten when you close it.",
  keyBad: "The service does not take this key.", loading: "Loading …", offline: "The service cannot be reached. Try again.",
  nothing: "There is nothing here yet.", why: "Why?", back: "Back", close: "Close",
  overview: "Overview", segments: "Segments", customers: "Customers to act on", plan: "Plan", capacity: "Capacity", comparison: "Comparison",
  window: "{first} to {last}", method: "Method {method}", fresh: "of the newest data", stale: "the data have changed since",
  before: "{value} in the window before", change: "Change", cases: "n = {n}", class: "Class", segment: "Segment", count: "Customers",
  revenue: "Revenue", share: "Share of revenue", margin_rate: "Margin rate", retention: "Customer retention", frequency: "Orders a customer and year",
  value_per_order: "Value of an order", potential: "Potential", wallet_share: "Wallet share", gap: "Gap to potential",
  growth: "Growth", active_customers: "Active customers", net_revenue_retention: "Net revenue retention", revenue_per_hour: "Revenue per hour",
  adds: "Adds up: {attributed} with customers and {unattributed} without are {revenue} of revenue.",
  act: "By expected margin per hour, customers at risk first. Those marked fit into the hours there are.",
  customer: "Customer", seller: "Seller", gain: "Expected margin", three: "In three years", hours: "Hours", perHour: "Margin per hour",
  reason: "Reason", marked: "fits", year: "Plan for {first} to {last}: {revenue}", draft: "draft", approved: "approved", superseded: "superseded",
  likely: "Eight of ten years end between {p10} and {p90}, by chance alone.", blocks: "What the plan consists of", existing: "existing business",
  new: "new customers", reactivated: "won back", carried_over: "open deals", grown: "grown", total: "Total", value: "Value", month: "Month", actual: "Actual",
  planned: "Plan", unit: "Unit", attainment: "Attainment to date: {ratio}", needed: "Hours needed", there: "Hours there",
  load: "Load", zone: "Zone", spare: "spare", right: "right", overloaded: "overloaded", people: "People needed: {fte} FTE. There: {present} FTE. Load {load}, {zone}.",
  hires: "Hires", rank: "Rank", quartile: "Quarter", toBest: "To the best quarter", interval: "Interval", noRank: "not ranked",
  inCurrency: "Amounts in {currency}.", formula: "Formula", numbers: "With the numbers in", rests: "Rests on", source: "Source",
  before_him: "{share} of the revenue stand before him; the limit is {limit}.", next: "{amount} more and he is one class up.", code: "Code {code}",
  noSegmentation: "No segmentation was calculated for this subsidiary.", noPlan: "No plan was calculated for this subsidiary.",
  noRequirement: "No requirement was calculated for this subsidiary.", tableOf: "Figures: {name}",
};

const de = {
  skip: "Zum Inhalt", subsidiary: "Gesellschaft", language: "Sprache", signIn: "Anmelden", signOut: "Abmelden",
  keyLabel: "API-Schlüssel", keyHint: "Ein Schlüssel, der Ergebnisse und Statistik lesen darf. Er bleibt in diesem Tab und ist vergessen, wenn Sie ihn schließen.",
  keyBad: "Der Dienst nimmt diesen Schlüssel nicht an.", loading: "Lädt …", offline: "Der Dienst ist nicht erreichbar. Versuchen Sie es erneut.",
  nothing: "Hier ist noch nichts.", why: "Warum?", back: "Zurück", close: "Schließen",
  overview: "Überblick", segments: "Segmente", customers: "Kunden zum Handeln", plan: "Plan", capacity: "Kapazität", comparison: "Vergleich",
  window: "{first} bis {last}", method: "Methode {method}", fresh: "auf neuestem Datenstand", stale: "die Daten haben sich seither geändert",
  before: "{value} im Zeitraum davor", change: "Veränderung", cases: "n = {n}", class: "Klasse", segment: "Segment", count: "Kunden",
  revenue: "Umsatz", share: "Anteil am Umsatz", margin_rate: "Margenquote", retention: "Kundenbindung", frequency: "Aufträge je Kunde und Jahr",
  value_per_order: "Wert eines Auftrags", potential: "Potenzial", wallet_share: "Lieferanteil", gap: "Lücke zum Potenzial",
  growth: "Wachstum", active_customers: "Aktive Kunden", net_revenue_retention: "Netto-Umsatzbindung", revenue_per_hour: "Umsatz je Stunde",
  adds: "Geht auf: {attributed} mit Kunden und {unattributed} ohne sind {revenue} Umsatz.",
  act: "Nach erwarteter Marge je Stunde, gefährdete Kunden zuerst. Markierte passen in die vorhandenen Stunden.",
  customer: "Kunde", seller: "Verkäufer", gain: "Erwartete Marge", three: "In drei Jahren", hours: "Stunden", perHour: "Marge je Stunde",
  reason: "Grund", marked: "passt", year: "Plan für {first} bis {last}: {revenue}", draft: "Entwurf", approved: "freigegeben", superseded: "abgelöst",
  likely: "Acht von zehn Jahren enden zwischen {p10} und {p90}, allein durch Zufall.", blocks: "Woraus der Plan besteht", existing: "Bestandsgeschäft",
  new: "neue Kunden", reactivated: "zurückgewonnen", carried_over: "offene Vorgänge", grown: "ausgebaut", total: "Summe", value: "Wert", month: "Monat", actual: "Ist",
  planned: "Plan", unit: "Einheit", attainment: "Erreicht bis heute: {ratio}", needed: "Benötigte Stunden", there: "Vorhandene Stunden",
  load: "Auslastung", zone: "Zone", spare: "frei", right: "passend", overloaded: "überlastet", people: "Benötigt: {fte} Vollzeitstellen. Vorhanden: {present}. Auslastung {load}, {zone}.",
  hires: "Einstellungen", rank: "Rang", quartile: "Viertel", toBest: "Zum besten Viertel", interval: "Intervall", noRank: "ohne Rang",
  inCurrency: "Beträge in {currency}.", formula: "Formel", numbers: "Mit den Zahlen", rests: "Beruht auf", source: "Quelle",
  before_him: "{share} des Umsatzes stehen vor ihm; die Grenze ist {limit}.", next: "{amount} mehr, und er steigt eine Klasse auf.", code: "Code {code}",
  noSegmentation: "Für diese Gesellschaft wurde keine Segmentierung berechnet.", noPlan: "Für diese Gesellschaft wurde kein Plan berechnet.",
  noRequirement: "Für diese Gesellschaft wurde kein Bedarf berechnet.", tableOf: "Zahlen: {name}",
};

const fr = {
  skip: "Aller au contenu", subsidiary: "Filiale", language: "Langue", signIn: "Se connecter", signOut: "Se déconnecter",
  keyLabel: "Clé d’API", keyHint: "Une clé qui peut lire les résultats et les statistiques. Elle reste dans cet onglet et est oubliée à sa fermeture.",
  keyBad: "Le service n’accepte pas cette clé.", loading: "Chargement …", offline: "Le service est injoignable. Réessayez.",
  nothing: "Il n’y a encore rien ici.", why: "Pourquoi ?", back: "Retour", close: "Fermer",
  overview: "Vue d’ensemble", segments: "Segments", customers: "Clients à traiter", plan: "Plan", capacity: "Capacité", comparison: "Comparaison",
  window: "{first} à {last}", method: "Méthode {method}", fresh: "sur les données les plus récentes", stale: "les données ont changé depuis",
  before: "{value} dans la période précédente", change: "Évolution", cases: "n = {n}", class: "Classe", segment: "Segment", count: "Clients",
  revenue: "Chiffre d’affaires", share: "Part du chiffre d’affaires", margin_rate: "Taux de marge", retention: "Fidélité des clients", frequency: "Commandes par client et an",
  value_per_order: "Valeur d’une commande", potential: "Potentiel", wallet_share: "Part de portefeuille", gap: "Écart au potentiel",
  growth: "Croissance", active_customers: "Clients actifs", net_revenue_retention: "Rétention nette du chiffre d’affaires", revenue_per_hour: "Chiffre d’affaires par heure",
  adds: "Le compte est bon : {attributed} avec clients et {unattributed} sans font {revenue} de chiffre d’affaires.",
  act: "Par marge attendue par heure, clients menacés d’abord. Ceux qui sont marqués tiennent dans les heures disponibles.",
  customer: "Client", seller: "Vendeur", gain: "Marge attendue", three: "En trois ans", hours: "Heures", perHour: "Marge par heure",
  reason: "Raison", marked: "retenu", year: "Plan de {first} à {last} : {revenue}", draft: "projet", approved: "approuvé", superseded: "remplacé",
  likely: "Huit années sur dix finissent entre {p10} et {p90}, par le seul hasard.", blocks: "De quoi le plan se compose", existing: "affaires existantes",
  new: "nouveaux clients", reactivated: "reconquis", carried_over: "affaires en cours", grown: "développés", total: "Total", value: "Valeur", month: "Mois", actual: "Réalisé",
  planned: "Plan", unit: "Unité", attainment: "Réalisation à ce jour : {ratio}", needed: "Heures nécessaires", there: "Heures disponibles",
  load: "Charge", zone: "Zone", spare: "libre", right: "juste", overloaded: "surchargé", people: "Nécessaires : {fte} ETP. Présents : {present} ETP. Charge {load}, {zone}.",
  hires: "Embauches", rank: "Rang", quartile: "Quart", toBest: "Jusqu’au meilleur quart", interval: "Intervalle", noRank: "non classé",
  inCurrency: "Montants en {currency}.", formula: "Formule", numbers: "Avec les nombres", rests: "Repose sur", source: "Source",
  before_him: "{share} du chiffre d’affaires sont devant lui ; la limite est {limit}.", next: "{amount} de plus et il monte d’une classe.", code: "Code {code}",
  noSegmentation: "Aucune segmentation n’a été calculée pour cette filiale.", noPlan: "Aucun plan n’a été calculé pour cette filiale.",
  noRequirement: "Aucun besoin n’a été calculé pour cette filiale.", tableOf: "Chiffres : {name}",
};

const es = {
  skip: "Ir al contenido", subsidiary: "Filial", language: "Idioma", signIn: "Entrar", signOut: "Salir",
  keyLabel: "Clave de API", keyHint: "Una clave que puede leer resultados y estadísticas. Se queda en esta pestaña y se olvida al cerrarla.",
  keyBad: "El servicio no acepta esta clave.", loading: "Cargando …", offline: "No se puede acceder al servicio. Inténtelo de nuevo.",
  nothing: "Aquí no hay nada todavía.", why: "¿Por qué?", back: "Atrás", close: "Cerrar",
  overview: "Resumen", segments: "Segmentos", customers: "Clientes que atender", plan: "Plan", capacity: "Capacidad", comparison: "Comparación",
  window: "{first} a {last}", method: "Método {method}", fresh: "con los datos más recientes", stale: "los datos han cambiado desde entonces",
  before: "{value} en el periodo anterior", change: "Cambio", cases: "n = {n}", class: "Clase", segment: "Segmento", count: "Clientes",
  revenue: "Ingresos", share: "Parte de los ingresos", margin_rate: "Tasa de margen", retention: "Retención de clientes", frequency: "Pedidos por cliente y año",
  value_per_order: "Valor de un pedido", potential: "Potencial", wallet_share: "Cuota de cliente", gap: "Distancia al potencial",
  growth: "Crecimiento", active_customers: "Clientes activos", net_revenue_retention: "Retención neta de ingresos", revenue_per_hour: "Ingresos por hora",
  adds: "Cuadra: {attributed} con clientes y {unattributed} sin ellos son {revenue} de ingresos.",
  act: "Por margen esperado por hora, primero los clientes en riesgo. Los marcados caben en las horas que hay.",
  customer: "Cliente", seller: "Vendedor", gain: "Margen esperado", three: "En tres años", hours: "Horas", perHour: "Margen por hora",
  reason: "Motivo", marked: "cabe", year: "Plan de {first} a {last}: {revenue}", draft: "borrador", approved: "aprobado", superseded: "sustituido",
  likely: "Ocho de cada diez años acaban entre {p10} y {p90}, solo por azar.", blocks: "De qué consta el plan", existing: "negocio existente",
  new: "clientes nuevos", reactivated: "recuperados", carried_over: "negocios abiertos", grown: "ampliados", total: "Total", value: "Valor", month: "Mes", actual: "Real",
  planned: "Plan", unit: "Unidad", attainment: "Cumplimiento hasta hoy: {ratio}", needed: "Horas necesarias", there: "Horas disponibles",
  load: "Carga", zone: "Zona", spare: "libre", right: "adecuada", overloaded: "sobrecargada", people: "Necesarios: {fte} ETC. Presentes: {present} ETC. Carga {load}, {zone}.",
  hires: "Contrataciones", rank: "Puesto", quartile: "Cuarto", toBest: "Hasta el mejor cuarto", interval: "Intervalo", noRank: "sin puesto",
  inCurrency: "Importes en {currency}.", formula: "Fórmula", numbers: "Con los números", rests: "Se basa en", source: "Fuente",
  before_him: "El {share} de los ingresos está por delante; el límite es {limit}.", next: "{amount} más y sube una clase.", code: "Código {code}",
  noSegmentation: "No se ha calculado ninguna segmentación de esta filial.", noPlan: "No se ha calculado ningún plan de esta filial.",
  noRequirement: "No se ha calculado ninguna necesidad de esta filial.", tableOf: "Cifras: {name}",
};

const pl = {
  skip: "Przejdź do treści", subsidiary: "Spółka", language: "Język", signIn: "Zaloguj", signOut: "Wyloguj",
  keyLabel: "Klucz API", keyHint: "Klucz, który może czytać wyniki i statystyki. Zostaje w tej karcie i znika po jej zamknięciu.",
  keyBad: "Usługa nie przyjmuje tego klucza.", loading: "Wczytywanie …", offline: "Usługa jest nieosiągalna. Spróbuj ponownie.",
  nothing: "Tu jeszcze nic nie ma.", why: "Dlaczego?", back: "Wstecz", close: "Zamknij",
  overview: "Przegląd", segments: "Segmenty", customers: "Klienci do działania", plan: "Plan", capacity: "Zasoby", comparison: "Porównanie",
  window: "{first} do {last}", method: "Metoda {method}", fresh: "na najnowszych danych", stale: "dane zmieniły się od tego czasu",
  before: "{value} w okresie poprzednim", change: "Zmiana", cases: "n = {n}", class: "Klasa", segment: "Segment", count: "Klienci",
  revenue: "Przychód", share: "Udział w przychodzie", margin_rate: "Stopa marży", retention: "Utrzymanie klientów", frequency: "Zamówienia klienta na rok",
  value_per_order: "Wartość zamówienia", potential: "Potencjał", wallet_share: "Udział w zakupach klienta", gap: "Luka do potencjału",
  growth: "Wzrost", active_customers: "Aktywni klienci", net_revenue_retention: "Utrzymanie przychodu netto", revenue_per_hour: "Przychód na godzinę",
  adds: "Zgadza się: {attributed} z klientami i {unattributed} bez nich to {revenue} przychodu.",
  act: "Według oczekiwanej marży na godzinę, najpierw klienci zagrożeni. Oznaczeni mieszczą się w dostępnych godzinach.",
  customer: "Klient", seller: "Sprzedawca", gain: "Oczekiwana marża", three: "W trzy lata", hours: "Godziny", perHour: "Marża na godzinę",
  reason: "Powód", marked: "mieści się", year: "Plan od {first} do {last}: {revenue}", draft: "szkic", approved: "zatwierdzony", superseded: "zastąpiony",
  likely: "Osiem na dziesięć lat kończy się między {p10} a {p90}, z samego przypadku.", blocks: "Z czego składa się plan", existing: "obecna sprzedaż",
  new: "nowi klienci", reactivated: "odzyskani", carried_over: "otwarte transakcje", grown: "rozwinięci", total: "Razem", value: "Wartość", month: "Miesiąc", actual: "Wykonanie",
  planned: "Plan", unit: "Jednostka", attainment: "Wykonanie do dziś: {ratio}", needed: "Potrzebne godziny", there: "Dostępne godziny",
  load: "Obciążenie", zone: "Strefa", spare: "wolne", right: "właściwe", overloaded: "przeciążone", people: "Potrzeba: {fte} etatu. Jest: {present}. Obciążenie {load}, {zone}.",
  hires: "Zatrudnienia", rank: "Miejsce", quartile: "Ćwiartka", toBest: "Do najlepszej ćwiartki", interval: "Przedział", noRank: "bez miejsca",
  inCurrency: "Kwoty w {currency}.", formula: "Wzór", numbers: "Z liczbami", rests: "Opiera się na", source: "Źródło",
  before_him: "{share} przychodu jest przed nim; granica to {limit}.", next: "O {amount} więcej i awansuje o klasę.", code: "Kod {code}",
  noSegmentation: "Dla tej spółki nie obliczono segmentacji.", noPlan: "Dla tej spółki nie obliczono planu.",
  noRequirement: "Dla tej spółki nie obliczono zapotrzebowania.", tableOf: "Liczby: {name}",
};

const ru = {
  skip: "К содержанию", subsidiary: "Компания", language: "Язык", signIn: "Войти", signOut: "Выйти",
  keyLabel: "Ключ API", keyHint: "Ключ, которому можно читать результаты и статистику. Он остаётся в этой вкладке и забывается при её закрытии.",
  keyBad: "Служба не принимает этот ключ.", loading: "Загрузка …", offline: "Служба недоступна. Попробуйте ещё раз.",
  nothing: "Здесь пока ничего нет.", why: "Почему?", back: "Назад", close: "Закрыть",
  overview: "Обзор", segments: "Сегменты", customers: "Клиенты в работу", plan: "План", capacity: "Ресурсы", comparison: "Сравнение",
  window: "{first} – {last}", method: "Метод {method}", fresh: "по новейшим данным", stale: "данные с тех пор изменились",
  before: "{value} в прошлом периоде", change: "Изменение", cases: "n = {n}", class: "Класс", segment: "Сегмент", count: "Клиенты",
  revenue: "Выручка", share: "Доля выручки", margin_rate: "Норма маржи", retention: "Удержание клиентов", frequency: "Заказов клиента в год",
  value_per_order: "Сумма заказа", potential: "Потенциал", wallet_share: "Доля в закупках", gap: "Разрыв до потенциала",
  growth: "Рост", active_customers: "Активные клиенты", net_revenue_retention: "Чистое удержание выручки", revenue_per_hour: "Выручка в час",
  adds: "Сходится: {attributed} с клиентами и {unattributed} без них – {revenue} выручки.",
  act: "По ожидаемой марже в час, сначала клиенты под угрозой. Отмеченные помещаются в имеющиеся часы.",
  customer: "Клиент", seller: "Продавец", gain: "Ожидаемая маржа", three: "За три года", hours: "Часы", perHour: "Маржа в час",
  reason: "Причина", marked: "помещается", year: "План на {first} – {last}: {revenue}", draft: "черновик", approved: "утверждён", superseded: "заменён",
  likely: "Восемь лет из десяти кончаются между {p10} и {p90} только по воле случая.", blocks: "Из чего состоит план", existing: "имеющиеся продажи",
  new: "новые клиенты", reactivated: "возвращённые", carried_over: "открытые сделки", grown: "развитые", total: "Всего", value: "Значение", month: "Месяц", actual: "Факт",
  planned: "План", unit: "Единица", attainment: "Выполнение на сегодня: {ratio}", needed: "Нужно часов", there: "Есть часов",
  load: "Загрузка", zone: "Зона", spare: "свободно", right: "в норме", overloaded: "перегрузка", people: "Нужно: {fte} ставки. Есть: {present}. Загрузка {load}, {zone}.",
  hires: "Наймы", rank: "Место", quartile: "Четверть", toBest: "До лучшей четверти", interval: "Интервал", noRank: "без места",
  inCurrency: "Суммы в {currency}.", formula: "Формула", numbers: "С числами", rests: "Опирается на", source: "Источник",
  before_him: "{share} выручки стоят перед ним; граница – {limit}.", next: "Ещё {amount}, и он поднимется на класс.", code: "Код {code}",
  noSegmentation: "Для этой компании сегментация не рассчитана.", noPlan: "Для этой компании план не рассчитан.",
  noRequirement: "Для этой компании потребность не рассчитана.", tableOf: "Числа: {name}",
};

export const LANGUAGES = { en, de, fr, es, pl, ru };
export const NAMES = { en: "English", de: "Deutsch", fr: "Français", es: "Español", pl: "Polski", ru: "Русский" };

let chosen = "en";

/** The first language of the reader that the page speaks. */
export function preferred() {
  const kept = localStorage.getItem("kontor-language");
  const wanted = [kept, ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wanted.find((tag) => tag in LANGUAGES) ?? "en";
}

export function speak(language) {
  chosen = language;
  localStorage.setItem("kontor-language", language);
  document.documentElement.lang = language;
}

/** A word of the language that was chosen, with its places filled. */
export const say = (word, places = {}) =>
  LANGUAGES[chosen][word].replace(/\{(\w+)\}/g, (_, name) => places[name] ?? "–");

export const language = () => chosen;
