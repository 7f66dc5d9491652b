"""Landing on a product by a code, by hand: the share link, then what a product's page shows, in one statement."""

from typing import Final

_ON_SALE: Final = (
    "{p}.status = 'ACTIVE' and timestamptz_cmp({p}.published_at, $2) <> 1"
    " and ({p}.unpublish_at is null or {p}.unpublish_at > $2)"
)
_YUAN: Final = "({fen}::numeric / 100)::numeric(20, 2)::text"
_CARD: Final = f"""
'prd_' || replace(p.id::text, '-', '') as id, p.handle, p.title,
json_build_object('min', json_build_object('amount', {_YUAN.format(fen="p.min_price_fen")})) as "priceRange",
(select row_to_json(i) from (select m.url, m.alt from media m
  where m.shop_id = $1 and m.product_id = p.id and m.kind = 'IMAGE' order by m.position, m.id limit 1) i)
  as "featuredImage"
"""  # noqa: S608 - only words of this file are put in

_PRODUCT: Final = f"""
select 'prd_' || replace(p.id::text, '-', '') as id, p.handle, p.title, p.vendor, p.in_stock as "inStock",
  p.sales_count as "salesCount",
  json_build_object('min', json_build_object('amount', {_YUAN.format(fen="p.min_price_fen")}),
    'max', json_build_object('amount', {_YUAN.format(fen="p.max_price_fen")})) as "priceRange",
  json_build_object(
    'average', case when p.rating_count > 0 then (p.rating_hundredths::numeric / 100)::numeric(3, 2)::text end,
    'count', p.rating_count) as rating,
  (select coalesce(json_agg(i), '[]') from (select o.name, o.values from product_option o
    where o.shop_id = $1 and o.product_id = p.id order by o.position, o.id) i) as options,
  (select coalesce(json_agg(i), '[]') from (select m.url, m.alt, m.width, m.height from media m
    where m.shop_id = $1 and m.product_id = p.id and m.kind = 'IMAGE' order by m.position, m.id limit 5) i) as images,
  json_build_object('nodes', (select coalesce(json_agg(c), '[]') from (
    select 'var_' || replace(v.id::text, '-', '') as id, v.title,
      json_build_object('amount', {_YUAN.format(fen="v.price_fen")}) as price,
      (not v.tracked or v.inventory_policy = 'CONTINUE' or v.available > 0) as "availableForSale"
    from variant v where v.shop_id = $1 and v.product_id = p.id order by v.position, v.id limit 20) c)) as variants,
  json_build_object('nodes', (select coalesce(json_agg(c), '[]') from (
    select r.author_name as "authorName", r.rating, r.body from review r
    where r.shop_id = $1 and r.product_id = p.id and r.status = 'PUBLISHED'
    order by r.created_at desc, r.id desc limit 5) c)) as reviews
"""  # noqa: S608 - the same

# The link by (shop_id, token), the product by its key, then one index scan for each of its parts; the others of its
# shelf by (shop_id, collection_id, position, product_id).
LANDING: Final = f"""
select convert_to(row_to_json(answer)::text, 'UTF8') from (select json_build_object('landing', (
  select row_to_json(o) from (select
    (select row_to_json(i) from (select s.name, s.logo_url as "logoUrl" from shop s where s.id = $1) i) as shop,
    (select row_to_json(i) from (select r.name, r.avatar_url as "avatarUrl" from promoter r
      where r.shop_id = $1 and r.id = l.promoter_id and r.active) i) as promoter,
    json_build_object('token', l.token) as share,
    (select row_to_json(t) from (select
      'ProductPage' as "__typename",
      (select row_to_json(i) from ({_PRODUCT}) i) as product,
      (select coalesce(json_agg(i), '[]') from (
        select b.value ->> 'title' as title, b.value ->> 'text' as text
        from shop s, jsonb_array_elements(s.service_promises) with ordinality as b(value, place)
        where s.id = $1 order by b.place) i) as promises,
      (select coalesce(json_agg(i), '[]') from (select {_CARD} from collection_product m, product p
        where m.shop_id = $1 and p.shop_id = $1 and p.id = m.product_id and p.id <> l.target_id
          and {_ON_SALE.format(p="p")} and m.collection_id = (
            select k.id from collection_product n, collection k
            where n.shop_id = $1 and n.product_id = l.target_id and k.shop_id = $1 and k.id = n.collection_id
              and k.published order by k.position, k.id limit 1)
        order by m.position, p.id limit 8) i) as "sameCollection"
      ) t) as target,
    '[]'::json as warnings
    from share_link l, product p
    where l.shop_id = $1 and l.token = $3 and (l.expires_at is null or l.expires_at > $2)
      and p.shop_id = $1 and p.id = l.target_id and {_ON_SALE.format(p="p")}
  ) o)) as data) answer
"""  # noqa: S608 - the same
