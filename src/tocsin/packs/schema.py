"""The shape of ``pack.yaml``, ``product.yaml``, mitigation files and advice: one struct per idea.

Unknown keys are refused, so that a spelling mistake in a pack is an error and not a silence.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from tocsin.model.words import StepKind


class Cited(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A date with the source that stated it.

    Attributes:
        date: the day, as ISO 8601.
        source: a key of the pack's ``sources``.
        note: what a reader should know of it, such as who stated another day.
    """

    date: date
    source: str
    note: str = ""


class Cve(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A vulnerability of the campaign.

    Attributes:
        id: its CVE number.
        title: what it lets someone do, in plain words.
        entry: its fix alone decides whether the door is open.
    """

    id: str
    title: str
    entry: bool = False


class Rung(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step of the ladder, lowest first.

    Attributes:
        id: name used by rules.
        title: plain words.
        mandatory: ``targeted`` and ``no-evidence`` need a log able to show this step, read
            without gaps over the exposure window.
        shown_by: record kinds each of which can show the step. One suffices.
        also_shown_by: record kinds that can show the step too, but whose silence proves nothing,
            such as process auditing, which may be switched off.
        takes_over: steps of packs without CVEs, as ``pack/step``. Their findings that name no page
            are this step's, once the campaign's way in is proven.
        strand: steps of another strand than ``main`` stand beside the ladder, not on it.
        shell: a finding at this step names a web shell, by the URL asked for or the file written.
        proves_open: a success at this step proves that the flaw was open at that moment,
            whatever the build says (not so for a page that another flaw may have left).
        way_in: a success at this step shows how somebody came in, so that a campaign without proof
            of its own does not claim the pages that followed.
        scan: findings of meaning ``context`` at this step are strangers looking for shells.
    """

    id: str
    title: str
    mandatory: bool = False
    shown_by: tuple[str, ...] = ()
    also_shown_by: tuple[str, ...] = ()
    takes_over: tuple[str, ...] = ()
    strand: str = "main"
    shell: bool = False
    proves_open: bool = False
    way_in: bool = False
    scan: bool = False


class WebShells(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page means for the campaign that is a web shell by its content, whatever a log says.

    Attributes:
        reachable: the step that a live one shows where the server serves it.
        written: the step that a live one shows whose place is not known to be served; none without it.
        dumps_only: only pages that hold the property list of a virtual directory bear the campaign's mark;
            others it takes over from packs without CVEs, in ``folders``, once its way in is proven.
        folders: expressions over the URL path in lower case, where shells of the campaign stand.
    """

    reachable: str
    written: str = ""
    dumps_only: bool = False
    folders: tuple[str, ...] = ()


class Wanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record kind that the assessment wants, and what for.

    Attributes:
        kind: the record kind (``docs/reference/fields.md``).
        why: what it would show; stands in the report where the kind is missing.
        quiet_hours: a silence longer than this is a gap in the log.
    """

    kind: str
    why: str
    quiet_hours: int = 24


class Actor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An intrusion set seen in the campaign. Only ever "consistent with".

    Attributes:
        id: name used by indicators.
        name: what its source calls it.
        aliases: what others call it.
        source: a key of the pack's ``sources``: who published its behaviour.
        behaviours: titles of rules whose findings are published behaviour of this set.
        attributed_by: who says which people or state stand behind it.
        disputed_by: who disputes that.
        note: what a reader should know of it.
    """

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    source: str
    behaviours: tuple[str, ...] = ()
    attributed_by: tuple[str, ...] = ()
    disputed_by: tuple[str, ...] = ()
    note: str = ""


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A course of action: the text stands in ``advice/<id>.md``.

    Attributes:
        id: name of its text in ``advice/``.
        kind: kind of course of action; the order of kinds is the order of the steps.
        when: any of ``always``, the compromise words, the exposure words, ``residual-present``,
            ``residual-unknown``, ``mail-read``, ``webshell``, ``ransomware``,
            ``patch-incomplete``, ``configuration-invalid``.
        audience: ``everyone``, ``forensic`` or ``without-forensics``.
    """

    id: str
    kind: StepKind
    when: tuple[str, ...]
    audience: str = "everyone"


class PackFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``campaigns/<id>/pack.yaml``.

    Attributes:
        id: the folder's name.
        version: of the pack: rises with every change of what it concludes.
        title: the campaign as people speak of it.
        description: what happened, in a few sentences.
        licence: SPDX name, for the pack's own content.
        author: who answers for the pack.
        aliases: other names of the campaign.
        cves: its vulnerabilities; none for a pack that stands for no flaw.
        product: folder in ``products/`` whose builds decide the exposure, or none.
        first_exploited: earliest cited exploitation anywhere; the exposure window begins here.
        disclosed: when the public was told.
        patch_available: when the first update came out.
        lookback_days: for a pack without a first cited exploitation, how far back from the end of
            the evidence the logs must reach before "nothing seen" means anything.
        ladder: its steps, lowest first.
        wanted: record kinds that an assessment needs.
        actors: intrusion sets that were seen in it.
        absent_statuses: answers that mean "not served here" for a page.
        web_shells: what a web shell found by its content means; none for a campaign without web shells.
        steps: courses of action.
        sources: short names used above, and what they stand for.
    """

    id: str
    version: str
    title: str
    description: str
    licence: str
    author: str
    aliases: tuple[str, ...] = ()
    cves: tuple[Cve, ...] = ()
    product: str | None = None
    first_exploited: Cited | None = None
    disclosed: Cited | None = None
    patch_available: Cited | None = None
    lookback_days: int | None = None
    ladder: tuple[Rung, ...]
    wanted: tuple[Wanted, ...]
    actors: tuple[Actor, ...] = ()
    absent_statuses: tuple[int, ...] = (302, 404)
    web_shells: WebShells | None = None
    steps: tuple[Step, ...]
    sources: dict[str, str]


class Signs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shows that the evidence comes from a server with the product.

    Attributes:
        kinds: prefixes of record kinds.
        paths: globs over ``Source.where``.
        texts: a field name and a text that it contains, both compared without case.
    """

    kinds: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()


class ProductFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``products/<id>/product.yaml``; beside it ``builds.csv``, ``cves.csv``, ``mitigations/``.

    Attributes:
        id: the folder's name.
        title: the product as its maker calls it.
        signs: what shows that evidence comes from a server with it.
        patched_files: DLL names whose version tells the update, stronger than the setup file.
        setup_file: the program whose version tells the installed build.
        site_paths: URL paths of the front-end site and the end of the folder each is served from;
            used where applicationHost.config was not collected.
        own_pages: URL paths of server pages that the product answers itself, without a file of its own or all
            day long; those of its known files need not be given.
        sources: short names used in the tables, and what they stand for.
    """

    id: str
    title: str
    signs: Signs
    patched_files: tuple[str, ...] = ()
    setup_file: str = ""
    site_paths: dict[str, str] = {}
    own_pages: tuple[str, ...] = ()
    sources: dict[str, str] = {}


class RewriteRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An inbound (or outbound) URL Rewrite rule that a mitigation consists of.

    Attributes:
        name: what the vendor's own tool calls it; used in sentences, never to recognise it.
        input: the server variable of the condition, such as ``{HTTP_COOKIE}``.
        patterns: the patterns that are known to work; one must be present, or one that meets
            ``must_match``.
        bypassable: earlier published patterns that can be got round: they make it ``partial``.
        bypassable_inputs: server variables through which even a good pattern can be got round.
        must_match: values of ``input`` that the rule must stop; a pattern that stops them all is
            as good as a known one. For outbound rules: values of the header to be rewritten.
        must_not_match: ordinary values; a rule that also stops these works, but does harm.
        also: other server variables, with the values under which the rule must still fire.
        actions: accepted action types.
        outbound: it rewrites responses.
        variable: for outbound rules, the server variable that is rewritten.
        value_holds: for outbound rules, the text that the new value must hold.
    """

    name: str = ""
    input: str = ""
    patterns: tuple[str, ...]
    bypassable: tuple[str, ...] = ()
    bypassable_inputs: tuple[str, ...] = ()
    must_match: tuple[str, ...] = ()
    must_not_match: tuple[str, ...] = ()
    also: dict[str, tuple[str, ...]] = {}
    actions: tuple[str, ...] = ("AbortRequest", "CustomResponse")
    outbound: bool = False
    variable: str = ""
    value_holds: str = ""


class PoolOff(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An application pool that must not start by itself.

    Attributes:
        name: as in applicationHost.config.
    """

    name: str


class MitigationFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``products/<id>/mitigations/<id>.yaml``: a mitigation and how files prove it.

    Attributes:
        id: the file's name.
        title: what people call it.
        protects: CVEs that it covers.
        rewrite: every rule must be present and effective.
        module: native module that must be installed for the rules to run.
        pools: application pools that must be off.
        unproven: why the files that Tocsin reads cannot prove it, if they cannot.
        site: name of the IIS site whose configuration counts.
        vdirs: URL paths below the site where the rule must reach (``/`` for all).
        caveats: travel with the mitigation wherever it is shown.
        source: who published it.
    """

    id: str
    title: str
    protects: tuple[str, ...]
    rewrite: tuple[RewriteRule, ...] = ()
    module: str = ""
    pools: tuple[PoolOff, ...] = ()
    unproven: str = ""
    site: str = "Default Web Site"
    vdirs: tuple[str, ...] = ("/",)
    caveats: tuple[str, ...]
    source: str


class IndicatorRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of ``indicators/*.csv``.

    Attributes:
        type: ``ipv4``, ``cidr``, ``domain``, ``url``, ``sha256``, ``sha1``, ``md5``,
            ``filename``, ``filepath``, ``path_regex``, ``user_agent``, ``cmdline_substr``,
            ``probe_uri``, ``string``, ``service_name``, ``file_ext``, ``file_magic``.
        strength: ``strong`` (seen only in this campaign), ``medium`` or ``weak`` (shared
            infrastructure, common names).
        valid_from: first day on which a match means anything, or None.
        valid_until: last such day, or None.
        withdrawn: its publisher took it back: kept for the record, never matched.
        means: what a match means; ``context`` unless the value alone proves more.
        rung: the step that it shows, or an empty text.
        actor: the intrusion set that its source names, or an empty text.
        value: the value or pattern itself.
        source: who published it.
        first_published: the day on which they did, or None.
        note: what a reader should know of it.
    """

    type: str
    value: str
    strength: str
    valid_from: date | None
    valid_until: date | None
    withdrawn: bool
    means: str
    rung: str
    actor: str
    source: str
    first_published: date | None
    note: str


class BuildRow(Struct, frozen=True, kw_only=True):
    """One row of ``builds.csv``.

    Attributes:
        product: with its generation, such as ``Exchange Server 2016``.
        cu: the cumulative update (or ``RTM``, ``SP1``) whose branch this is.
        update: the update on that branch, or an empty text.
        update_alias: another name of it.
        kind: ``RTM``, ``SP``, ``CU``, ``RU``, ``SU``, ``HU`` or ``Preview``.
        build: four parts, as files and logs print it.
        build_long: as product pages print it.
        branch: its first three parts.
        release_date: the day, or None.
        date_source: who states that day, or how it was derived.
        kb: the knowledge base article, or an empty text.
        sources: who lists this build, separated by ``;``.
        line: line of the file; not a column.
    """

    product: str
    cu: str
    update: str
    update_alias: str
    kind: str
    build: str
    build_long: str
    branch: str
    release_date: date | None
    date_source: str
    kb: str
    sources: str
    line: int = 0


class CveRow(Struct, frozen=True, kw_only=True):
    """One row of ``cves.csv``: what fixes a CVE on one cumulative update's branch.

    Attributes:
        cve: its number.
        campaign: id of the pack that it belongs to, or an empty text.
        product: as in ``builds.csv``.
        affected_cu: the cumulative update that this row is about.
        branch: first three parts of that update's builds.
        first_fixed_build: empty where the sources do not say which update fixes it.
        fixed_by: name of the update, or an empty text.
        disclosed: the day, or None.
        fix_released: the day, or None.
        how_resolved: how the row came to name this update.
        source: who states it.
        note: what a reader should know of it.
        first_unaffected_cu: the first cumulative update that holds the fix.
        first_unaffected_cu_build: and its build.
        line: line of the file; not a column.
    """

    cve: str
    campaign: str
    product: str
    affected_cu: str
    branch: str
    first_fixed_build: str
    fixed_by: str
    disclosed: date | None
    fix_released: date | None
    how_resolved: str
    source: str
    note: str
    first_unaffected_cu: str
    first_unaffected_cu_build: str
    line: int = 0
